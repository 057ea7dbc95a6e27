//! Draws the pictures of the README and docs/interface.md from the program itself, in a terminal of its own:
//!
//! ```sh
//! cargo build --release
//! cargo run --release --example draw-screens # writes docs/images/*.svg and tour.cast
//! ```
//!
//! It listens on 127.0.0.1:3000, which must be free, with a store and a home that are removed again.

mod film;
mod svg;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};

/// What it ends with when it cannot go on.
type Failure = Box<dyn std::error::Error + Send + Sync>;

const COLUMNS: u16 = 120;
const ROWS: u16 = 36;
const ADDRESS: &str = "127.0.0.1:3000";
const SECRET: (&str, &str) = ("TRACKPILOTS_WEBHOOKS_SECRET_KEY", "a secret for pictures alone");
/// Only a hang reaches it.
const LIMIT: Duration = Duration::from_secs(30);

fn main() -> Result<(), Failure> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = std::env::current_exe()?
        .parent()
        .and_then(Path::parent)
        .map(|folder| folder.join(format!("whyhook{}", std::env::consts::EXE_SUFFIX)))
        .filter(|program| program.is_file())
        .ok_or("whyhook is not built: run cargo build with the same profile first")?;
    tour(&Stage { program: program.clone(), samples: root.join("assets/samples"), home: tempfile::tempdir()? }, root)?;
    let stage = Stage { program, samples: root.join("assets/samples"), home: tempfile::tempdir()? };
    let mut screen = Screen::open(&stage)?;
    screen.sees("Waiting for the first delivery")?;
    stage.deliveries()?;

    screen.types("2")?;
    screen.sees("re-serialised")?;
    screen.draw(&root.join("docs/images/screen.svg"), "The list of deliveries, and why a signature does not match")?;
    // The screenshot came before it.
    screen.types("j3")?;
    screen.sees("imageBuffer")?;
    screen.draw(&root.join("docs/images/payload.svg"), "A screenshot event, above its payload as a tree")?;
    screen.types("4")?;
    screen.sees("JPEG")?;
    screen.draw(&root.join("docs/images/image.svg"), "The image buffer of a screenshot event in hexadecimal")?;
    screen.types("q")?;
    screen.child.wait()?;
    Ok(())
}

/// The first minute: deliveries come, one does not verify, and why; mended, it is verified. Then what there is to see in it.
fn tour(stage: &Stage, root: &Path) -> Result<(), Failure> {
    let title =
        "Deliveries come, the signature of one does not match, whyhook proves why, and the mended one is verified";
    let sample = |name: &str| std::fs::read(stage.samples.join(name));
    let mut film = film::Film::new(title);
    let mut screen = Screen::open(stage)?;
    film.sees(&screen, "Waiting for the first delivery", 2.0)?;
    for name in ["activity.json", "screenshot-live.json"] {
        deliver(&stage.sign(&sample(name)?)?, &sample(name)?)?;
    }
    film.sees(&screen, "screenshot", 2.5)?;
    let app = sample("app.json")?;
    deliver(&stage.sign(&compact(&app)?)?, &app)?;
    film.sees(&screen, "mismatch", 3.0)?;
    screen.types("2")?;
    film.sees(&screen, "re-serialised", 5.5)?;
    // The sender signs what it sends now.
    deliver(&stage.sign(&app)?, &app)?;
    film.sees(&screen, "verified with", 3.5)?;
    for (keys, words) in [("jj3", "imageBuffer"), ("4", "JPEG")] {
        screen.types(keys)?;
        film.sees(&screen, words, 3.0)?;
    }
    screen.types("2")?;
    screen.sees("verified with")?;
    for (keys, words, seconds) in
        [("/verdict:bad", "verdict:bad", 2.0), ("\r", "re-serialised", 2.0), ("a", "503", 3.0)]
    {
        screen.types(keys)?;
        film.sees(&screen, words, seconds)?;
    }
    // Both at once would be one key.
    screen.types("\x1b")?;
    screen.sees("digests tried")?;
    screen.types("q")?;
    screen.child.wait()?;
    film.write(&root.join("docs/images"), 3, title)
}

/// A body as another serialiser writes it.
fn compact(body: &[u8]) -> Result<Vec<u8>, Failure> {
    Ok(serde_json::to_vec(&serde_json::from_slice::<serde_json::Value>(body)?)?)
}

/// Where the pictures are taken.
struct Stage {
    program: PathBuf,
    samples: PathBuf,
    home: tempfile::TempDir,
}

impl Stage {
    /// What a day brings: verified ones, one without a signature, and one whose body was re-serialised on its way.
    fn deliveries(&self) -> Result<(), Failure> {
        let sample = |name: &str| std::fs::read(self.samples.join(name));
        let compact = compact(&sample("app.json")?)?;
        for (signed, sent) in [
            (Some(sample("activity.json")?), sample("activity.json")?),
            (None, b"{}".to_vec()),
            (Some(sample("app.json")?), sample("app.json")?),
            (Some(sample("screenshot-simulation.json")?), sample("screenshot-simulation.json")?),
            (Some(sample("screenshot-live.json")?), sample("screenshot-live.json")?),
            (Some(compact), sample("app.json")?),
        ] {
            let headers = signed.map(|body| self.sign(&body)).transpose()?.unwrap_or_default();
            deliver(&headers, &sent)?;
        }
        Ok(())
    }

    /// The headers with a signature of `body`, one to a line.
    fn sign(&self, body: &[u8]) -> Result<String, Failure> {
        let file = self.home.path().join("signed.json");
        std::fs::write(&file, body)?;
        let signed = Command::new(&self.program)
            .args(["sign", "--body"])
            .arg(&file)
            .env(SECRET.0, SECRET.1)
            .env("HOME", self.home.path())
            .current_dir(self.home.path())
            .stderr(Stdio::inherit())
            .output()?;
        if !signed.status.success() {
            return Err("whyhook sign has failed".into());
        }
        Ok(String::from_utf8(signed.stdout)?)
    }
}

/// Sends a delivery, and waits for its answer.
fn deliver(headers: &str, body: &[u8]) -> Result<(), Failure> {
    let mut stream = TcpStream::connect(ADDRESS)?;
    let headers: String =
        headers.lines().filter(|line| line.contains(": ")).map(|line| format!("{line}\r\n")).collect();
    write!(
        stream,
        "POST /webhooks/trackpilots HTTP/1.1\r\nHost: {ADDRESS}\r\nConnection: close\r\n\
         Content-Type: application/json\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    )?;
    stream.write_all(body)?;
    stream.read_to_end(&mut Vec::new())?;
    Ok(())
}

/// The program in a terminal.
struct Screen {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn std::io::Write + Send>,
    seen: Arc<Mutex<vt100::Parser>>,
    /// The bytes that were written since they were last taken.
    written: Arc<Mutex<Vec<u8>>>,
}

impl Screen {
    fn open(stage: &Stage) -> Result<Self, Failure> {
        let pair =
            native_pty_system().openpty(PtySize { rows: ROWS, cols: COLUMNS, pixel_width: 0, pixel_height: 0 })?;
        let mut command = CommandBuilder::new(&stage.program);
        command.args(["listen", "--bind", ADDRESS, "--theme", "dark"]);
        command.cwd(stage.home.path());
        command.env_clear();
        for (name, value) in [
            ("TERM", "xterm-256color"),
            ("COLORTERM", "truecolor"),
            ("TZ", "UTC"),
            ("WHYHOOK_NGROK_API", "off"),
            ("WHYHOOK_TUNNELS", "off"),
            SECRET,
        ] {
            command.env(name, value);
        }
        command.env("HOME", stage.home.path());
        let child = pair.slave.spawn_command(command)?;
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader()?;
        let keys = pair.master.take_writer()?;
        let cells = |count| NonZeroU16::new(count).ok_or("a screen has cells");
        let seen = Arc::new(Mutex::new(vt100::Parser::new(cells(ROWS)?, cells(COLUMNS)?, 0)));
        let shown = Arc::clone(&seen);
        let written = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&written);
        std::thread::spawn(move || {
            let _held = pair.master;
            let mut buffer = [0; 8192];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if let Ok(mut parser) = shown.lock() {
                    parser.process(&buffer[..count]);
                }
                if let Ok(mut kept) = kept.lock() {
                    kept.extend_from_slice(&buffer[..count]);
                }
            }
        });
        Ok(Self { child, keys, seen, written })
    }

    fn types(&mut self, keys: &str) -> Result<(), Failure> {
        self.keys.write_all(keys.as_bytes())?;
        Ok(self.keys.flush()?)
    }

    fn contents(&self) -> Result<String, Failure> {
        Ok(self.seen.lock().map_err(|_| "the terminal's reader has failed")?.screen().contents())
    }

    /// Waits until `words` are on the screen, and nothing more is drawn.
    fn sees(&self, words: &str) -> Result<(), Failure> {
        let begun = Instant::now();
        let mut before = String::new();
        loop {
            let now = self.contents()?;
            if now.contains(words) && now == before {
                return Ok(());
            }
            if begun.elapsed() > LIMIT {
                return Err(format!("'{words}' is not to be seen in\n{now}").into());
            }
            before = now;
            sleep(Duration::from_millis(200));
        }
    }

    /// What is on the screen, and what was written since this was last asked.
    fn take(&self) -> Result<(vt100::Screen, Vec<u8>), Failure> {
        let seen = self.seen.lock().map_err(|_| "the terminal's reader has failed")?.screen().clone();
        let mut written = self.written.lock().map_err(|_| "the terminal's reader has failed")?;
        Ok((seen, std::mem::take(&mut *written)))
    }

    fn draw(&self, file: &Path, title: &str) -> Result<(), Failure> {
        let seen = self.seen.lock().map_err(|_| "the terminal's reader has failed")?;
        Ok(std::fs::write(file, svg::picture(seen.screen(), title))?)
    }
}
