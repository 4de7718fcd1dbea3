//! TLS: a certificate that nobody vouches for, and one that somebody does.

use std::sync::Arc;

use daybook_consumers::FailureKind;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::answers::fails;
use crate::support::{batch, plain, spec, webhook};

/// A server with a certificate for `localhost` of an authority of its own, which it gives as PEM. It takes every call.
async fn server() -> (u16, String) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().unwrap();
    let authority = params.self_signed(&authority_key).unwrap();
    let issuer = Issuer::new(params, authority_key);
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let chain = vec![CertificateDer::from(certificate.der().to_vec())];
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(chain, key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut read = Vec::new();
                // One event is one object: the call is over with its last brace.
                while !read.ends_with(b"}") {
                    if stream.read_buf(&mut read).await.unwrap_or_default() == 0 {
                        return;
                    }
                }
                let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await;
                let _ = stream.shutdown().await;
            });
        }
    });
    (port, authority.pem())
}

#[tokio::test]
async fn only_certificates_that_somebody_vouches_for_are_taken() {
    let (port, authority) = server().await;
    let spec = spec("webhook", json!({}));
    let handler = webhook(&spec, &format!("https://localhost:{port}/hook?geheim"), json!({}));
    let failure = fails(&*handler).await;
    assert_eq!((failure.kind, failure.code), (FailureKind::Destination, "http.tls"));

    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ca.pem");
    std::fs::write(&file, authority).unwrap();
    let handler = webhook(&spec, &format!("https://localhost:{port}/hook"), json!({"ca-file": file}));
    handler.deliver(&batch(&plain(1, 1, "2026-06-15T11:00:00Z"))).await.unwrap();
    // Vouched for, but for another name.
    let handler = webhook(&spec, &format!("https://127.0.0.1:{port}/hook"), json!({"ca-file": file}));
    assert_eq!(fails(&*handler).await.code, "http.tls");
}
