//! Files of master keys: read, made once, replaced at once.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{KeyWarning, MasterKey, MasterKeyError, MasterKeys, Origin, open_to_others, parent, parse_bytes};
use crate::limits;
use crate::vault::VaultId;

/// Reads a file of keys.
pub(super) fn read(path: &Path) -> Result<MasterKeys, MasterKeyError> {
    let failed = |source: std::io::Error| match source.kind() {
        ErrorKind::NotFound => MasterKeyError::Missing { path: path.to_owned() },
        _ => MasterKeyError::Read { path: path.to_owned(), source },
    };
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    file.take(limits::KEY_FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    let keys = parse_bytes(&bytes, &Origin::File(path.to_owned()))?;
    let warnings = open_to_others(&metadata)
        .map(|mode| KeyWarning::Permissions { path: path.to_owned(), mode })
        .into_iter()
        .collect();
    Ok(MasterKeys { keys, path: Some(path.to_owned()), made: false, warnings })
}

/// Reads a file of keys, or makes it with a new key. Of several processes that try at once one makes it and all read it.
pub(super) fn read_or_make(path: &Path, vault: &VaultId) -> Result<MasterKeys, MasterKeyError> {
    match read(path) {
        Err(MasterKeyError::Missing { .. }) => {}
        outcome => return outcome,
    }
    let failed = |source| MasterKeyError::Write { path: path.to_owned(), source };
    make_private_directory(parent(path)).map_err(failed)?;
    let beside = write_beside(path, &[MasterKey::random()?], &format!("of the Daybook vault {vault}"))?;
    // A link is made only where nothing is, and the file is complete before it has its name.
    let linked = std::fs::hard_link(&beside, path);
    std::fs::remove_file(&beside).map_err(failed)?;
    let made = match linked {
        Ok(()) => true,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => false,
        Err(error) => return Err(failed(error)),
    };
    sync_directory(parent(path)).map_err(failed)?;
    Ok(MasterKeys { made, ..read(path)? })
}

/// Puts these keys in the place of a file, at once and with mode 0600: whoever reads it sees the old file or the new one.
///
/// # Errors
/// [`MasterKeyError::Write`]; the old file stands then.
pub fn replace_file(path: &Path, keys: &[MasterKey]) -> Result<(), MasterKeyError> {
    let failed = |source| MasterKeyError::Write { path: path.to_owned(), source };
    // Where the name is a link, its target is replaced, not the link.
    let path = match path.canonicalize() {
        Ok(target) => target,
        Err(error) if error.kind() == ErrorKind::NotFound => path.to_owned(),
        Err(error) => return Err(failed(error)),
    };
    let beside = write_beside(&path, keys, "of a Daybook vault")?;
    let renamed = std::fs::rename(&beside, &path);
    if renamed.is_err() {
        // The name is taken back where that is possible; the error that counts is the first.
        let _removed = std::fs::remove_file(&beside);
    }
    renamed.and_then(|()| sync_directory(parent(&path))).map_err(failed)
}

/// Writes a file of keys under a name of its own in the same directory, and sees to it that it is on the disk.
fn write_beside(path: &Path, keys: &[MasterKey], whose: &str) -> Result<PathBuf, MasterKeyError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}", uuid::Uuid::new_v4().simple()));
    let mut text = Zeroizing::new(String::with_capacity(4096));
    text.push_str("# The master key ");
    text.push_str(whose);
    text.push_str(
        ".\n# Whoever has it and the state database can read every name. Without it nobody can: nothing sealed so far can be\n\
         # opened again. Keep a copy, and not beside the copies of the data.\n",
    );
    for key in keys {
        text.push_str(&key.text());
        text.push('\n');
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&beside).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    if let Err(source) = written {
        let _removed = std::fs::remove_file(&beside);
        return Err(MasterKeyError::Write { path: path.to_owned(), source });
    }
    Ok(beside)
}

fn make_private_directory(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn sync_directory(path: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    File::open(path)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}
