//! Other people's receivers, right ones and broken ones, each a process or thread of its own.

use std::io::{BufRead as _, BufReader};
use std::path::Path;

use super::house::Leashed;
use super::{House, SECRET};

/// A receiver that prints its port first, and ends with the test.
pub(crate) struct Receiver {
    _child: Leashed,
    port: u16,
}

impl Receiver {
    /// Starts a script of this folder with `program`.
    pub(crate) fn start(house: &House, program: &Path, script: &str, arguments: &[&str]) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support").join(script);
        let mut command = house.other(program);
        command.arg(script).args(arguments).env("SECRET", SECRET).stderr(std::process::Stdio::inherit());
        let mut child = Leashed(command.spawn().unwrap());
        let mut line = String::new();
        BufReader::new(child.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().parse().unwrap_or_else(|error| panic!("{command:?} prints no port: {error} {line:?}"));
        Self { _child: child, port }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/webhooks/trackpilots", self.port)
    }
}
