//! Servers as processes: found, run as somebody they accept, and stopped whatever becomes of the test.

use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;

/// A user to run servers as that refuse to run as root.
#[derive(Debug, Clone, Copy)]
pub struct Account {
    user: u32,
    group: u32,
}

impl Account {
    /// None where the test is not run by root: its own user will do. Otherwise the first of these users that there is, and
    /// `nobody` where there is none.
    pub fn instead_of_root(names: &[&str]) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            return None;
        }
        let table = std::fs::read_to_string("/etc/passwd").expect("/etc/passwd lists the users");
        let find = |name: &str| {
            table.lines().find_map(|line| {
                let mut fields = line.split(':');
                (fields.next() == Some(name)).then_some(())?;
                let user = fields.nth(1)?.parse().ok()?;
                let group = fields.next()?.parse().ok()?;
                Some(Self { user, group })
            })
        };
        let account = names.iter().chain(&["nobody"]).find_map(|name| find(name));
        Some(account.expect("a user to run a server as: it refuses to run as root"))
    }

    /// Gives it a directory and everything in it.
    pub fn own(self, path: &Path) {
        std::os::unix::fs::lchown(path, Some(self.user), Some(self.group)).unwrap();
        if path.is_dir() {
            for entry in std::fs::read_dir(path).unwrap() {
                self.own(&entry.unwrap().path());
            }
        }
    }
}

/// A command that is run as `account`, where there is one. It gets this signal (`SIGQUIT` or `SIGKILL`) when the thread
/// that started it ends, so it goes with a test that is killed, too.
pub fn command(program: &Path, account: Option<Account>, on_death: Signal) -> Command {
    let mut command = match find_on_path("setpriv") {
        Some(setpriv) if cfg!(target_os = "linux") => {
            let mut command = Command::new(setpriv);
            let signal = if on_death == Signal::QUIT { "QUIT" } else { "KILL" };
            command.arg(format!("--pdeathsig={signal}")).arg(program);
            command
        }
        _ => Command::new(program),
    };
    if let Some(account) = account {
        std::os::unix::process::CommandExt::uid(&mut command, account.user);
        std::os::unix::process::CommandExt::gid(&mut command, account.group);
    }
    // The directory of the test may be closed to that user.
    command.current_dir("/");
    command
}

/// The program of this name on PATH, or where Debian keeps servers, which is not on everybody's.
pub fn find_on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let directories = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    directories.map(|directory| directory.join(name)).find(|file| file.is_file())
}

/// The program of this name, which this Debian package has.
///
/// # Panics
/// Where it is not installed.
pub fn find(name: &str, package: &str) -> PathBuf {
    find_on_path(name).unwrap_or_else(|| {
        panic!(
            "{name} is not installed. `make test` installs the Debian package {package}; no service of it is needed or touched."
        )
    })
}

/// What a program says of its version.
pub fn version(program: &Path) -> String {
    let output = Command::new(program).arg("--version").output().unwrap();
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A password of letters and digits.
pub fn password() -> String {
    use rand::Rng;
    rand::rng().sample_iter(rand::distr::Alphanumeric).take(24).map(char::from).collect()
}
