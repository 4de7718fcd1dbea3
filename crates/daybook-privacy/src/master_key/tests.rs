//! Keys that are right, and all the ways in which they are not.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::*;

async fn vault_id() -> VaultId {
    let mut options = sea_orm::ConnectOptions::new("sqlite::memory:");
    options.max_connections(1).sqlx_logging(false);
    VaultId::of(&sea_orm::Database::connect(options).await.unwrap()).await.unwrap()
}

fn key(number: u8) -> MasterKey {
    MasterKey::from_bytes([number; 32])
}

fn text(number: u8) -> String {
    key(number).text().to_string()
}

/// What a text is read as: the keys, or the error.
fn check(text: &str, expected: &Result<Vec<MasterKey>, &str>) {
    let outcome = parse_bytes(text.as_bytes(), &Origin::Text).map_err(|error| error.to_string());
    assert_eq!(outcome.as_ref().map_err(String::as_str), expected.as_ref().map_err(|text| *text), "{text}");
}

#[test]
fn texts_of_keys() {
    assert_eq!(text(0), format!("dbm_{}", "A".repeat(43)));
    check(&text(1), &Ok(vec![key(1)]));
    check(
        &format!("\u{feff}# mine\r\n\r\n  {}  \r\n#{}\n{}\n{}", text(1), text(3), text(2), text(1)),
        &Ok(vec![key(1), key(2)]),
    );
    check("", &Err("the text of the master key holds no master key"));
    check("# nothing\n\n", &Err("the text of the master key holds no master key"));
    check("hunter2", &Err("the text of the master key, line 1: a master key begins with dbm_"));
    let short = &text(1)[..30];
    check(
        &format!("#\n{short}"),
        &Err("the text of the master key, line 2: a master key has 43 characters after dbm_, this one has 26"),
    );
    let long = format!("{}AA", text(1));
    check(
        &long,
        &Err("the text of the master key, line 1: a master key has 43 characters after dbm_, this one has 45"),
    );
    for wrong in ["+", "/", "=", "é", " "] {
        let mut bad = text(1);
        bad.replace_range(10..10 + wrong.len(), wrong);
        check(
            &bad,
            &Err(
                "the text of the master key, line 1: a master key is written in base64url: A to Z, a to z, 0 to 9, - and _",
            ),
        );
    }
    // Bits beyond the 256 would be lost.
    check(
        &format!("dbm_{}B", "A".repeat(42)),
        &Err(
            "the text of the master key, line 1: a master key is written in base64url: A to Z, a to z, 0 to 9, - and _",
        ),
    );
    let many: String = (0..=limits::MASTER_KEYS_MAX).map(|number| text(u8::try_from(number).unwrap()) + "\n").collect();
    check(&many, &Err("the text of the master key holds more than 64 master keys"));
    check(&"#".repeat(70_000), &Err("the text of the master key is not a text of master keys"));
    assert!(matches!(parse_bytes(b"\xff", &Origin::Command), Err(MasterKeyError::NotText { .. })));
}

#[tokio::test]
async fn nothing_quotes_a_key() {
    let (id, directory) = (vault_id().await, tempfile::tempdir().unwrap());
    let path = directory.path().join("key");
    for broken in [text(9)[..40].to_owned(), format!("{}!", &text(9)[..46]), text(9).replace("dbm_", "bm_")] {
        fs::write(&path, &broken).unwrap();
        let sources = [
            MasterKeySource::File(path.clone()),
            MasterKeySource::Text(MasterKeyText::new(broken.clone())),
            MasterKeySource::Command(format!("cat '{}'", path.display())),
        ];
        for source in sources {
            let error = source.load(&id, None).await.unwrap_err();
            let told = format!("{error} {error:?} {source:?} {:?}", key(9));
            assert!(!told.contains(&broken[10..30]), "{told}");
        }
    }
}

#[tokio::test]
async fn the_file_is_made_once() {
    let (id, directory) = (vault_id().await, tempfile::tempdir().unwrap());
    let place = directory.path().join("deep").join("daybook");
    let found = MasterKeySource::Default.load(&id, Some(&place)).await.unwrap();
    let path = found.path.clone().unwrap();
    assert_eq!((found.made, found.keys.len(), found.warnings.len()), (true, 1, 0));
    assert_eq!(MasterKeySource::Default.path(&id, Some(&place)).unwrap(), Some(path.clone()));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    assert_eq!(fs::metadata(&place).unwrap().permissions().mode() & 0o7777, 0o700);
    assert_eq!(fs::read_dir(&place).unwrap().count(), 1, "nothing else is left");
    assert!(fs::read_to_string(&path).unwrap().contains(&id.to_string()));
    let again = MasterKeySource::Default.load(&id, Some(&place)).await.unwrap();
    assert_eq!((again.made, &again.keys), (false, &found.keys));
    let named = MasterKeySource::File(path).load(&id, None).await.unwrap();
    assert_eq!(named.keys, found.keys);
    assert!(matches!(MasterKeySource::Default.load(&id, None).await, Err(MasterKeyError::NoDirectory)));
}

#[tokio::test]
async fn many_make_the_file_at_once() {
    let (id, directory) = (vault_id().await, tempfile::tempdir().unwrap());
    let path = directory.path().join("key");
    let threads: Vec<_> = (0..16)
        .map(|_| {
            let (path, id) = (path.clone(), id.clone());
            std::thread::spawn(move || file::read_or_make(&path, &id).unwrap())
        })
        .collect();
    let found: Vec<MasterKeys> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert_eq!(found.iter().filter(|found| found.made).count(), 1);
    assert!(found.iter().all(|other| other.keys == found[0].keys));
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_file_that_others_may_read() {
    let (id, directory) = (vault_id().await, tempfile::tempdir().unwrap());
    let path = directory.path().join("key");
    fs::write(&path, text(1)).unwrap();
    for (mode, expected) in [(0o600, 0), (0o400, 0), (0o640, 1), (0o604, 1)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let found = MasterKeySource::File(path.clone()).load(&id, None).await.unwrap();
        assert_eq!((found.keys, found.warnings.len()), (vec![key(1)], expected), "{mode:o}");
    }
    let warning = KeyWarning::Permissions { path: "k".into(), mode: 0o644 };
    assert_eq!(warning.to_string(), "the master key file k can be read by others (mode 0644); make it 0600");
}

#[tokio::test]
async fn another_key_stands_in() {
    let (id, directory) = (vault_id().await, tempfile::tempdir().unwrap());
    let (path, place) = (directory.path().join("key"), directory.path().join("daybook"));
    let source = MasterKeySource::File(path.clone());
    let load = || source.load_or_stand_in(&id, Some(&place));
    // Lost, then truncated, then a directory: the same key stands in.
    let lost = load().await.unwrap();
    assert_eq!((lost.made, lost.keys.len()), (true, 1));
    let [KeyWarning::StandIn { problem, path: stand_in }] = lost.warnings.as_slice() else { panic!("{lost:?}") };
    assert!(problem.starts_with("there is no master key file"));
    assert!(stand_in.starts_with(&place) && !path.exists(), "nothing is made where the key should be");
    fs::write(&path, &text(1)[..20]).unwrap();
    let truncated = load().await.unwrap();
    assert_eq!((truncated.made, &truncated.keys), (false, &lost.keys));
    assert_eq!(fs::read_to_string(&path).unwrap(), text(1)[..20]);
    // When the key is back it is the current one, and what was sealed meanwhile opens too.
    fs::write(&path, text(1)).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let back = load().await.unwrap();
    assert_eq!(back.keys, [key(1), lost.keys[0].clone()]);
    assert_eq!(back.warnings, []);
    // A stand-in that is damaged is no reason not to start.
    fs::write(stand_in, "#").unwrap();
    let back = load().await.unwrap();
    assert_eq!((back.keys, back.warnings.len()), (vec![key(1)], 1));
}

#[tokio::test]
async fn commands() {
    let id = vault_id().await;
    let load = async |command: String| MasterKeySource::Command(command).load(&id, None).await;
    assert_eq!(load(format!("echo '# mine'; echo {}", text(4))).await.unwrap().keys, [key(4)]);
    assert!(matches!(load(format!("echo {}; exit 3", text(4))).await, Err(MasterKeyError::CommandFailed(_))));
    assert!(matches!(load("true".to_owned()).await, Err(MasterKeyError::Empty { origin: Origin::Command })));
    assert!(matches!(load("/nonexistent/command".to_owned()).await, Err(MasterKeyError::CommandFailed(_))));
    assert!(matches!(load("exec yes".to_owned()).await, Err(MasterKeyError::CommandFailed(_))));
}

#[tokio::test]
async fn a_command_that_takes_too_long_is_ended() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("held");
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, path.as_path(), rustix::fs::FileType::Fifo, mode, 0).unwrap();
    let flags = rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::NONBLOCK;
    let mut held = fs::File::from(rustix::fs::open(path.as_path(), flags, rustix::fs::Mode::empty()).unwrap());
    // What it starts holds the pipe for longer than anybody waits here.
    let command = format!("(echo here; exec sleep 600) >'{}' & sleep 600; echo", path.display());
    let begun = std::time::Instant::now();
    let outcome = run(&command, Duration::from_secs(1)).await;
    assert!(matches!(outcome, Err(MasterKeyError::CommandTimeout(_))));
    // With everything it started: nobody holds the pipe any more.
    while !matches!(std::io::Read::read(&mut held, &mut [0; 16]), Ok(0)) {
        assert!(begun.elapsed() < Duration::from_secs(300), "what it started goes on");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(begun.elapsed() < Duration::from_secs(600));
}

#[test]
fn a_file_is_replaced_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let (path, link) = (directory.path().join("key"), directory.path().join("link"));
    replace_file(&path, &[key(1)]).unwrap();
    std::os::unix::fs::symlink(&path, &link).unwrap();
    replace_file(&link, &[key(2), key(1)]).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    let found = file::read(&path).unwrap();
    assert_eq!((found.keys, found.warnings), (vec![key(2), key(1)], vec![]));
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
    let nowhere = Path::new("/nonexistent/directory/key");
    assert!(matches!(replace_file(nowhere, &[key(1)]), Err(MasterKeyError::Write { .. })));
}
