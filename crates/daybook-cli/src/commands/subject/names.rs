//! Lists of names, from the command line and from files, gone through before anything is sent.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use daybook_event::limits::IDENTIFIER_BYTES_MAX;

use crate::failure::Failure;

/// Names in one call of the command. They are held in memory.
pub const NAMES_MAX: usize = 1_000_000;
/// Longest line of a file, in bytes: what is longer is no list of names.
const LINE_BYTES_MAX: usize = 4_096;
/// Bad lines that are listed; more are counted.
const PROBLEMS_SHOWN: usize = 10;

/// Names, each once, in the order in which they were first given.
#[derive(Debug, Default)]
pub struct Names {
    names: Vec<String>,
    seen: HashSet<String>,
    problems: Vec<String>,
    more_problems: usize,
}

impl Names {
    /// Adds names of the command line.
    pub fn add_all(&mut self, names: &[String]) {
        for name in names {
            self.add(name, || format!("`{name}`"));
        }
    }

    /// Adds the names of a file, one a line; `-` is standard input. Empty lines and those that begin with # say nothing, and
    /// neither do spaces around a name.
    ///
    /// # Errors
    /// [`Failure::Read`]; [`Failure::Usage`] where the file cannot be a list of names.
    pub fn add_file(&mut self, path: &Path) -> Result<(), Failure> {
        if path.as_os_str() == "-" {
            return self.add_lines(path, &mut io::stdin().lock());
        }
        let file = File::open(path).map_err(|source| Failure::read(path, source))?;
        self.add_lines(path, &mut BufReader::new(file))
    }

    /// The names.
    ///
    /// # Errors
    /// [`Failure::Usage`] where one of them cannot be a person's, or there are none, or far too many.
    pub fn finish(self) -> Result<Vec<String>, Failure> {
        if !self.problems.is_empty() {
            let mut message = format!("some of these cannot be names of people:\n  {}", self.problems.join("\n  "));
            if self.more_problems > 0 {
                message.push_str(&format!("\n  and {} more", self.more_problems));
            }
            return Err(Failure::usage(message, "nothing was sent; correct them, or leave them out"));
        }
        if self.names.is_empty() {
            return Err(Failure::usage(
                "nobody is named",
                "name people one by one, or one a line in a file (`--file`)",
            ));
        }
        Ok(self.names)
    }

    fn add_lines(&mut self, path: &Path, from: &mut dyn BufRead) -> Result<(), Failure> {
        let mut line = Vec::new();
        for number in 1_u64.. {
            line.clear();
            let read = from.take(LINE_BYTES_MAX as u64 + 1).read_until(b'\n', &mut line);
            read.map_err(|source| Failure::read(path, source))?;
            if line.is_empty() {
                break;
            }
            let place = || format!("{}, line {number}", shown(path));
            if line.len() > LINE_BYTES_MAX {
                // What follows would be read as another line.
                self.problem(format!("{}: has more than {LINE_BYTES_MAX} bytes; nothing after it was read", place()));
                break;
            }
            let bytes = if number == 1 { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line) } else { &line };
            let Ok(text) = std::str::from_utf8(bytes) else {
                self.problem(format!("{}: is not UTF-8", place()));
                continue;
            };
            let name = text.trim();
            if !name.is_empty() && !name.starts_with('#') {
                self.add(name, place);
            }
            if self.names.len() > NAMES_MAX {
                return Err(Failure::usage(
                    format!("{} names more than {NAMES_MAX} people", shown(path)),
                    "nothing was sent; split it",
                ));
            }
        }
        Ok(())
    }

    fn add(&mut self, name: &str, place: impl Fn() -> String) {
        if name.is_empty() {
            self.problem(format!("{}: is empty", place()));
        } else if name.len() > IDENTIFIER_BYTES_MAX {
            self.problem(format!("{}: has more than {IDENTIFIER_BYTES_MAX} bytes", place()));
        } else if self.seen.insert(name.to_owned()) {
            self.names.push(name.to_owned());
        }
    }

    fn problem(&mut self, problem: String) {
        if self.problems.len() < PROBLEMS_SHOWN {
            self.problems.push(problem);
        } else {
            self.more_problems += 1;
        }
    }
}

fn shown(path: &Path) -> String {
    if path.as_os_str() == "-" { "standard input".to_owned() } else { path.display().to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(lines: &[u8]) -> Result<Vec<String>, String> {
        let mut names = Names::default();
        names.add_lines(Path::new("people.txt"), &mut &*lines).map_err(|failure| failure.report())?;
        names.finish().map_err(|failure| failure.report())
    }

    #[test]
    fn one_a_line_and_each_once() {
        let text = "\u{feff}ada\r\n\n# somebody\n  bob \nada\na/b %20 é ..\n-5";
        assert_eq!(names(text.as_bytes()), Ok(["ada", "bob", "a/b %20 é ..", "-5"].map(str::to_owned).to_vec()));
        let many: String = (0..100_000).map(|number| format!("{}\n", number % 60_000)).collect();
        assert_eq!(names(many.as_bytes()).map(|names| names.len()), Ok(60_000));
    }

    #[test]
    fn what_is_wrong_is_said_at_once_and_with_its_line() {
        let long = "x".repeat(IDENTIFIER_BYTES_MAX + 1);
        let text = [b"ada\n\xff\xfe\n".as_slice(), long.as_bytes(), b"\nbob\n"].concat();
        insta::assert_snapshot!(names(&text).expect_err("not names"), @r"
        error: some of these cannot be names of people:
          people.txt, line 2: is not UTF-8
          people.txt, line 3: has more than 256 bytes
          hint: nothing was sent; correct them, or leave them out
        ");
        let endless = vec![b'x'; 1 << 20];
        insta::assert_snapshot!(names(&endless).expect_err("not names"), @r"
        error: some of these cannot be names of people:
          people.txt, line 1: has more than 4096 bytes; nothing after it was read
          hint: nothing was sent; correct them, or leave them out
        ");
        let many = "\u{fffd}".repeat(100);
        let many: String = (0..13).map(|number| format!("{number}{many}\n")).collect();
        assert!(names(many.as_bytes()).expect_err("not names").contains("and 3 more"));
        insta::assert_snapshot!(names(b" \n#ada\n").expect_err("nobody"), @r"
        error: nobody is named
          hint: name people one by one, or one a line in a file (`--file`)
        ");
    }
}
