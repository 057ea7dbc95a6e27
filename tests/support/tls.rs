//! A server in Node that speaks TLS, with a certificate of its own.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use super::{KillOnDrop, TestEnv};

const SERVER: &str = "import { createServer } from 'node:https';
import { readFileSync } from 'node:fs';
const options = { key: readFileSync('key.pem'), cert: readFileSync('cert.pem') };
const server = createServer(options, (request, response) => request.resume().on('end', () => response.writeHead(202).end('over TLS')));
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
";

/// It answers 202 and `over TLS`, until it is dropped.
pub(crate) struct TlsServer {
    _process: KillOnDrop,
    pub(crate) port: u16,
    /// The file of its certificate, which is self-signed, for `localhost`.
    pub(crate) authority: PathBuf,
}

impl TlsServer {
    pub(crate) fn start(env: &TestEnv, node: &Path) -> Self {
        let rcgen::CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let authority = env.write("cert.pem", cert.pem());
        env.write("key.pem", signing_key.serialize_pem());
        let mut command = env.other(node);
        command.arg(env.write("server.mjs", SERVER));
        let mut process = KillOnDrop(command.spawn().unwrap());
        let mut line = String::new();
        BufReader::new(process.0.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        Self { _process: process, port: line.trim().parse().unwrap(), authority }
    }
}
