//! `whyhook config init`: a file to begin with.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::schema;
use crate::cli::{CliError, SettingsArgs, output};
use crate::config::file::{TEMPLATE, local_place, places};
use crate::config::{Environment as _, ProcessEnvironment, shown};
use crate::system::save::{SaveError, UnfinishedFile, private_folder};

/// The schema's name beside the configuration.
const SCHEMA_NAME: &str = "whyhook.schema.json";

#[derive(Debug, Clone, Args)]
pub(super) struct InitArgs {
    /// The file [default: whyhook.toml in the current folder, or what --config names]
    #[arg(value_name = "FILE", conflicts_with = "user")]
    file: Option<PathBuf>,
    /// Your own configuration, for all folders that have none: ~/.config/whyhook/config.toml
    #[arg(long)]
    user: bool,
    /// Also write the schema beside it, whyhook.schema.json, for editors
    #[arg(long)]
    schema: bool,
}

pub(super) fn run(settings: &SettingsArgs, args: &InitArgs) -> Result<ExitCode, CliError> {
    let environment = ProcessEnvironment;
    let file = match (&args.file, settings.named_config()) {
        _ if args.user => own_file()?,
        (Some(file), _) => environment.current_dir().join(file),
        (None, Some(file)) => environment.current_dir().join(file),
        (None, None) => local_place(&environment),
    };
    let beside = file.parent().unwrap_or(Path::new("")).join(SCHEMA_NAME);
    let head = if args.schema { format!("#:schema ./{SCHEMA_NAME}\n\n") } else { String::new() };
    write(&file, &format!("{head}{TEMPLATE}"))?;
    output::log(&format!("wrote {}", shown(&file)));
    if args.schema {
        // It is made by this program alone, and another release has another.
        write(&beside, &schema::text())?;
        output::log(&format!("wrote {}", shown(&beside)));
    }
    if let [local, own] = &places(&environment)[..]
        && file == *local
        && own.is_file()
    {
        output::log(&format!("in this folder it takes the place of {}", shown(own)));
    }
    output::log("every setting is a comment: remove the # of those that you change, and run `whyhook config check`");
    Ok(ExitCode::SUCCESS)
}

/// The person's own file; its folder is made.
fn own_file() -> Result<PathBuf, CliError> {
    let Some(home) = ProcessEnvironment.config_home() else {
        return Err(CliError::Usage(
            "no home directory is known: name a file, as in `whyhook config init FILE`".to_owned(),
        ));
    };
    let folder = home.join("whyhook");
    private_folder(&folder)?;
    Ok(folder.join("config.toml"))
}

fn write(path: &Path, text: &str) -> Result<(), CliError> {
    let written = UnfinishedFile::begin(path, false).and_then(|mut file| {
        file.write_all(text.as_bytes()).map_err(|source| SaveError::Io { path: path.to_owned(), source })?;
        file.finish()
    });
    written.map_err(|error| match error {
        SaveError::Exists(path) => CliError::Usage(format!(
            "{} already exists, and was not changed: name another file, or read it with `whyhook config check`",
            shown(&path)
        )),
        error => CliError::Usage(error.to_string()),
    })
}
