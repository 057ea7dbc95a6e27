//! `whyhook man`: manual pages, of the same tree as `--help`.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use clap_mangen::Man;

use super::{CliError, command, output};
use crate::text::visible;

#[derive(Debug, Clone, Args)]
pub(super) struct ManArgs {
    /// The page of a command, such as `replay` or `config check` [default: whyhook's own]
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
    /// Write the pages of all commands into this folder, which must be there
    #[arg(long, value_name = "FOLDER", conflicts_with = "command")]
    all: Option<PathBuf>,
}

pub(super) fn run(args: &ManArgs) -> Result<ExitCode, CliError> {
    let mut program = command();
    // The names of commands within commands are made here.
    program.build();
    if let Some(folder) = &args.all {
        write_all(&program, folder)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut of = &program;
    for name in &args.command {
        of = of.find_subcommand(name).filter(|inner| !inner.is_hide_set()).ok_or_else(|| {
            let (name, whole) = (visible(name).into_owned(), of.get_bin_name().unwrap_or("whyhook").to_owned());
            CliError::Usage(format!("unknown command '{name}': `{whole} --help` lists them"))
        })?;
    }
    output::print_bytes(&page(of).map_err(CliError::Stdout)?)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the page of a command and of those within it, each under the name by which `man` finds it.
fn write_all(command: &clap::Command, folder: &Path) -> Result<(), CliError> {
    let path = folder.join(format!("{}.1", name(command)));
    let write = || std::fs::write(&path, page(command)?);
    write().map_err(|source| CliError::Write { path: path.clone(), source })?;
    pages_within(command).try_for_each(|inner| write_all(inner, folder))
}

/// The commands that have pages.
fn pages_within(command: &clap::Command) -> impl Iterator<Item = &clap::Command> {
    command.get_subcommands().filter(|inner| !inner.is_hide_set() && inner.get_name() != "help")
}

fn name(command: &clap::Command) -> &str {
    command.get_display_name().unwrap_or_else(|| command.get_name())
}

fn page(command: &clap::Command) -> io::Result<Vec<u8>> {
    let after = command.get_after_long_help().or_else(|| command.get_after_help()).map(ToString::to_string);
    let man = Man::new(command.clone().after_help("").after_long_help(""));
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if pages_within(command).next().is_some() {
        man.render_subcommands_section(&mut page)?;
    }
    if let Some(after) = after.filter(|after| !after.is_empty()) {
        page.extend(b".SH EXTRA\n");
        page.extend(as_it_is(&after).bytes());
    }
    if command.get_version().is_some() {
        man.render_version_section(&mut page)?;
    }
    Ok(page)
}

/// Text whose lines and columns stay as they are: the words of `--help` behind the options are examples and tables.
fn as_it_is(text: &str) -> String {
    let mut roff = String::from(".nf\n");
    for line in text.lines() {
        // What begins with one of these would be a request to the formatter; \& is nothing, and hides it.
        if line.starts_with(['.', '\'']) {
            roff.push_str("\\&");
        }
        roff.push_str(&line.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq").replace('`', "\\(ga"));
        roff.push('\n');
    }
    roff.push_str(".fi\n");
    roff
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(of: &clap::Command) -> String {
        String::from_utf8(page(of).unwrap()).unwrap()
    }

    #[test]
    fn every_page_that_a_page_names_is_there() {
        let mut program = command();
        program.build();
        let folder = tempfile::tempdir().unwrap();
        write_all(&program, folder.path()).unwrap();
        let mut named = 0;
        for entry in folder.path().read_dir().unwrap() {
            let page = std::fs::read_to_string(entry.unwrap().path()).unwrap().replace("\\-", "-");
            for reference in page.lines().filter_map(|line| line.strip_suffix("(1)")) {
                named += 1;
                assert!(folder.path().join(format!("{reference}.1")).is_file(), "{reference}(1) is named");
            }
        }
        assert!(named > 40, "{named}");
        assert!(!folder.path().join("whyhook-help.1").exists());
    }

    #[test]
    fn tables_and_examples_keep_their_lines() {
        let listen = command().find_subcommand("listen").unwrap().clone();
        let page = text(&listen);
        let extra = page.split(".SH EXTRA").nth(1).unwrap();
        let (start, end) = (extra.find(".nf").unwrap(), extra.find(".fi").unwrap());
        let lines = extra[start..end].lines().count();
        assert_eq!(lines, listen.get_after_help().unwrap().to_string().lines().count() + 1);
        assert_eq!(as_it_is(".a\\b"), ".nf\n\\&.a\\eb\n.fi\n");
    }
}
