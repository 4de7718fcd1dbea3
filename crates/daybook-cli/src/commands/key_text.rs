//! Reading keys of actors from files.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use daybook_signature::limits::KEY_FILE_BYTES_MAX;
use daybook_signature::{NotAKey, PublicKey, SigningKey};
use zeroize::Zeroizing;

use crate::failure::Failure;

/// The private key in a file.
///
/// # Errors
/// [`Failure::Read`], or [`Failure::Usage`] where it holds none.
pub fn private(path: &Path) -> Result<SigningKey, Failure> {
    SigningKey::from_text(&read(path)?).map_err(|error| not_a_key(path, &error))
}

/// The public key in a file; that of the private one where it holds that, which then goes nowhere.
///
/// # Errors
/// [`Failure::Read`], or [`Failure::Usage`] where it holds none.
pub fn public(path: &Path) -> Result<PublicKey, Failure> {
    let text = read(path)?;
    match PublicKey::from_text(&text) {
        Err(NotAKey::Private) => SigningKey::from_text(&text).map(|key| key.public()),
        other => other,
    }
    .map_err(|error| not_a_key(path, &error))
}

fn read(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let failed = |source| Failure::read(path, source);
    let from: Box<dyn Read> =
        if path.as_os_str() == "-" { Box::new(io::stdin()) } else { Box::new(File::open(path).map_err(failed)?) };
    let mut text = Zeroizing::new(String::with_capacity(KEY_FILE_BYTES_MAX));
    from.take(KEY_FILE_BYTES_MAX as u64).read_to_string(&mut text).map_err(failed)?;
    Ok(text)
}

fn not_a_key(path: &Path, error: &NotAKey) -> Failure {
    let message = format!("{} cannot be used: {error}", path.display());
    Failure::usage(
        message,
        "`daybook actor-key new FILE` makes a key, and so does `openssl genpkey -algorithm ed25519`",
    )
}
