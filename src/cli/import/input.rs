//! The files that an import reads: named ones, those of a folder, and stdin. Each can be read twice.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Seek as _};
use std::path::{Component, Path, PathBuf};

use super::report::Report;
use crate::archive::import::{
    ImportError, ImportFindings, ImportSource, Imported, Importer, KnownTool, NamedFiles, SPOOL_BYTES, known_tool,
};
use crate::cli::CliError;
use crate::config::shown;
use crate::system::read;

/// Bytes in which a file shows what it is.
pub(super) const BEGINNING_BYTES: usize = 4096;
/// Files of a folder, and folders within each other. More are an error, since what is left out would not be seen.
const FOLDER_FILES: usize = 10_000;
const FOLDER_DEPTH: usize = 16;

/// A file that can be read twice.
pub(super) struct ImportInput {
    pub(super) name: String,
    file: BufReader<File>,
    pub(super) source: ImportSource,
    /// The folder that it is in, from which files may be read that its text names.
    pub(super) folder: Option<ImportFolder>,
    /// Whether nobody said what it is, and nothing in it does.
    pub(super) is_unknown: bool,
    /// Whether nobody named it, so that it may be something else than it looks like.
    pub(super) is_found: bool,
}

/// A folder from which files may be read.
#[derive(Debug, Clone)]
pub(super) struct ImportFolder(PathBuf);

impl NamedFiles for ImportFolder {
    fn read(&self, name: &str) -> Result<Vec<u8>, String> {
        let is_below =
            Path::new(name).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        let inside = "only files in the folder of the imported file, or below, are read";
        if !is_below {
            return Err(inside.to_owned());
        }
        // A symbolic link may lead out of it.
        let found = self.0.join(name).canonicalize().map_err(|error| error.to_string())?;
        let folder = self.0.canonicalize().map_err(|error| error.to_string())?;
        if !found.starts_with(folder) {
            return Err(inside.to_owned());
        }
        read::whole(&found, read::BODY_LIMIT).map_err(|error| error.to_string())
    }
}

/// Opens every file that is named, and those of the folders. Of these, what is not of a known format is passed over.
pub(super) fn open_all(
    paths: &[PathBuf],
    from: Option<ImportSource>,
    report: &mut Report,
) -> Result<Vec<ImportInput>, CliError> {
    let mut inputs = Vec::new();
    for path in paths {
        if path != Path::new("-") && path.is_dir() {
            open_folder(path, from, &mut inputs, report)?;
        } else {
            inputs.push(ImportInput::open(path, from)?);
        }
    }
    Ok(inputs)
}

fn open_folder(
    folder: &Path,
    from: Option<ImportSource>,
    inputs: &mut Vec<ImportInput>,
    report: &mut Report,
) -> Result<(), CliError> {
    let mut paths = Vec::new();
    list(folder, FOLDER_DEPTH, &mut paths, report)?;
    for path in paths {
        let mut input = ImportInput::open(&path, Some(from.unwrap_or(ImportSource::Raw)))?;
        let source = match from {
            Some(source) => Some(source),
            None => input
                .beginning()
                .map(ImportSource::detect)
                .map_err(|source| CliError::Read { path: path.clone(), source })?,
        };
        match source {
            Some(source) => inputs.push(ImportInput { source, is_found: true, ..input }),
            None => report.pass_over_file(&input.name, "not of a format that can be imported"),
        }
    }
    Ok(())
}

/// The files below a folder by name. Hidden ones and symbolic links, which may lead anywhere, are passed over.
fn list(folder: &Path, depth: usize, paths: &mut Vec<PathBuf>, report: &mut Report) -> Result<(), CliError> {
    let unreadable = |source| CliError::Read { path: folder.to_owned(), source };
    let entries = fs::read_dir(folder).map_err(unreadable)?.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    let mut entries: Vec<_> =
        entries.into_iter().filter(|entry| !entry.file_name().as_encoded_bytes().starts_with(b".")).collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let kind = entry.file_type().map_err(unreadable)?;
        if kind.is_dir() && depth == 0 {
            report.pass_over_file(&shown(&path), "folders within folders are followed 16 deep");
        } else if kind.is_dir() {
            list(&path, depth - 1, paths, report)?;
        } else if kind.is_file() {
            paths.push(path);
        } else {
            let what = if kind.is_symlink() { "a symbolic link" } else { "not a regular file" };
            report.pass_over_file(&shown(&path), what);
        }
        if paths.len() > FOLDER_FILES {
            let folder = shown(folder);
            return Err(CliError::Usage(format!("{folder} has more than {FOLDER_FILES} files: import parts of it")));
        }
    }
    Ok(())
}

impl ImportInput {
    /// Opens a file, or stdin for `-`.
    fn open(path: &Path, from: Option<ImportSource>) -> Result<Self, CliError> {
        let unreadable = |source| CliError::Read { path: path.to_owned(), source };
        let (name, file) = if path == Path::new("-") {
            ("stdin".to_owned(), spooled(io::stdin().lock()).map_err(unreadable)?)
        } else {
            let file = read::open(path).map_err(unreadable)?;
            let is_file = file.metadata().map_err(unreadable)?.is_file();
            (shown(path), if is_file { file } else { spooled(file).map_err(unreadable)? })
        };
        let file = BufReader::with_capacity(64 * 1024, file);
        let folder = match path.parent() {
            _ if path == Path::new("-") => PathBuf::from("."),
            Some(parent) if parent != Path::new("") => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        let source = from.unwrap_or(ImportSource::Raw);
        let mut input =
            Self { name, file, source, folder: Some(ImportFolder(folder)), is_unknown: false, is_found: false };
        if from.is_none() {
            // What is of no known format is refused as the plainest of them.
            let beginning = input.beginning().map_err(unreadable)?;
            let detected = ImportSource::detect(beginning);
            if let Some(KnownTool { name, advice }) = known_tool(beginning).filter(|_| detected.is_none()) {
                return Err(CliError::Usage(format!(
                    "{}: this is {name}, which is not imported: {advice}",
                    input.name
                )));
            }
            input.is_unknown = detected.is_none();
            input.source = detected.unwrap_or(ImportSource::Raw);
        }
        Ok(input)
    }

    /// What ngrok's agent answered.
    pub(super) fn of_answer(name: String, answer: &[u8]) -> Result<Self, CliError> {
        let file = spooled(answer).map_err(|error| {
            CliError::Usage(format!("cannot write the answer of {name} to a temporary file: {error}"))
        })?;
        let file = BufReader::new(file);
        Ok(Self { name, file, source: ImportSource::Ngrok, folder: None, is_unknown: false, is_found: false })
    }

    /// What its format is detected from.
    fn beginning(&mut self) -> io::Result<&[u8]> {
        let beginning = self.file.fill_buf()?;
        Ok(&beginning[..beginning.len().min(BEGINNING_BYTES)])
    }

    /// Reads it from its beginning.
    pub(super) fn read(
        &mut self,
        importer: &Importer<'_>,
        take: &mut dyn FnMut(Imported) -> Result<(), ImportError>,
    ) -> Result<ImportFindings, ImportError> {
        self.file.rewind()?;
        importer.read(self.source, &mut self.file, take)
    }
}

/// All of a pipe in a file without a name, which goes with the process.
pub(super) fn spooled(pipe: impl io::Read) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    if io::copy(&mut pipe.take(SPOOL_BYTES + 1), &mut file)? > SPOOL_BYTES {
        return Err(read::too_large(SPOOL_BYTES));
    }
    file.rewind()?;
    Ok(file)
}
