//! `docs/cli.md`, generated from the options themselves; the test fails when it drifts.

use std::fmt::Write as _;
use std::path::Path;

use clap::{Arg, Command, CommandFactory};

use super::Cli;

#[test]
fn the_reference_says_what_the_command_does() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/cli.md");
    let mut cli = Cli::command();
    cli.build();
    let expected = reference(&cli);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &expected).expect("the reference can be written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "docs/cli.md is out of date; run the tests with UPDATE_DOCS=1 and look at the difference"
    );
}

#[test]
fn options_are_well_formed() {
    Cli::command().debug_assert();
}

fn reference(cli: &Command) -> String {
    let mut out = String::from(
        "# Command line\n\nGenerated from the program; `daybook help COMMAND` says the same.\n\nData goes to standard output, \
         everything else to standard error. Exit status: 0 success, 1 the answer is no\n(invalid, broken, conflict), 2 wrong \
         use or failure.\n",
    );
    for command in commands_of(cli) {
        section(command, "daybook", 2, &mut out);
    }
    out
}

fn commands_of(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|command| command.get_name() != "help" && !command.is_hide_set())
}

fn section(command: &Command, parent: &str, level: usize, out: &mut String) {
    let name = format!("{parent} {}", command.get_name());
    let about = command.get_long_about().or_else(|| command.get_about()).map(ToString::to_string).unwrap_or_default();
    let _ = writeln!(out, "\n{} {name}\n\n{about}", "#".repeat(level));
    if !command.has_subcommands() || !command.is_subcommand_required_set() {
        options(command, out);
    }
    for inner in commands_of(command) {
        section(inner, &name, level + 1, out);
    }
}

fn options(command: &Command, out: &mut String) {
    let usage = command.clone().render_usage().to_string();
    let _ = writeln!(out, "\n```text\n{}\n```\n", usage.trim_start_matches("Usage: "));
    let arguments = command.get_arguments().filter(|argument| !argument.is_hide_set() && argument.get_id() != "help");
    for argument in arguments {
        let _ = writeln!(out, "{}", item(argument));
    }
    if let Some(examples) = command.get_after_help().map(ToString::to_string) {
        let (title, examples) = examples.split_once('\n').unwrap_or(("", &examples));
        let _ = writeln!(out, "\n{title}\n\n```sh\n{}\n```", unindented(examples));
    }
}

/// One option as an item of a list.
fn item(argument: &Arg) -> String {
    let value =
        argument.get_value_names().map(|names| names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "));
    let takes_value = argument.get_action().takes_values();
    let name = match (argument.get_long(), value.filter(|_| takes_value)) {
        (Some(long), Some(value)) => format!("--{long} {value}"),
        (Some(long), None) => format!("--{long}"),
        (None, value) => value.unwrap_or_else(|| argument.get_id().to_string()),
    };
    let mut out = format!("- `{name}`: {}", argument.get_help().map(ToString::to_string).unwrap_or_default());
    let values: Vec<String> = argument
        .get_possible_values()
        .iter()
        .filter(|_| takes_value)
        .map(|value| {
            let help = value.get_help().map(|help| format!(" ({help})")).unwrap_or_default();
            format!("`{}`{help}", value.get_name())
        })
        .collect();
    if !values.is_empty() {
        let _ = write!(out, ". One of {}", values.join(", "));
    }
    let defaults: Vec<_> = argument.get_default_values().iter().filter_map(|value| value.to_str()).collect();
    if takes_value && !defaults.is_empty() {
        let _ = write!(out, ". Default: `{}`", defaults.join(" "));
    }
    if let Some(variable) = argument.get_env().and_then(|variable| variable.to_str()) {
        let _ = write!(out, ". Environment: `{variable}`");
    }
    out
}

fn unindented(examples: &str) -> String {
    examples.lines().map(|line| line.strip_prefix("  ").unwrap_or(line)).collect::<Vec<_>>().join("\n")
}
