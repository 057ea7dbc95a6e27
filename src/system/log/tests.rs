use std::fs;

use super::*;

/// A counter for one test.
fn counter() -> &'static AtomicU64 {
    Box::leak(Box::new(AtomicU64::new(0)))
}

fn open(path: &Path, bound: u64) -> (LogFile, &'static AtomicU64) {
    let dropped = counter();
    (LogFile::open(path, bound, dropped).unwrap(), dropped)
}

fn refusal(path: &Path) -> String {
    LogFile::open(path, 100, counter()).err().unwrap().to_string()
}

#[test]
fn at_its_bound_the_file_is_moved_once() {
    let folder = tempfile::tempdir().unwrap();
    let (path, older) = (folder.path().join("a.log"), folder.path().join("a.log.1"));
    let (mut file, _) = open(&path, 100);
    for number in 0..50 {
        file.line(&format!("line {number:05}\n"));
        for path in [&path, &older] {
            assert!(path.metadata().map_or(0, |metadata| metadata.len()) <= 100, "{number}");
        }
    }
    let text = [fs::read_to_string(&older).unwrap(), fs::read_to_string(&path).unwrap()].concat();
    // The newest lines, none of them cut or missing.
    let lines: Vec<&str> = text.lines().collect();
    let newest: Vec<String> = (50 - lines.len()..50).map(|number| format!("line {number:05}")).collect();
    assert_eq!(lines, newest);
    assert!(lines.len() > 9, "{lines:?}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    // A line that is longer than the bound has a file of its own.
    file.line(&format!("{}\n", "x".repeat(200)));
    assert_eq!(path.metadata().unwrap().len(), 201);
}

#[test]
fn an_existing_file_is_appended_to_and_its_last_line_ended() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.log");
    open(&path, 1000).0.line("one\n");
    open(&path, 1000).0.line("two\n");
    assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\n");
    fs::write(&path, "a line that was cu").unwrap();
    open(&path, 1000).0.line("three\n");
    assert_eq!(fs::read_to_string(&path).unwrap(), "a line that was cu\nthree\n");
    // What is there counts.
    open(&path, 20).0.line("four\n");
    assert_eq!(fs::read_to_string(&path).unwrap(), "four\n");
}

#[test]
fn a_line_is_visible_text_of_bounded_length() {
    assert_eq!(line_of(b"a\x1b[2Jb\nc\n"), "a␛[2Jb␊c\n");
    assert_eq!(line_of(b"\xff\n"), "⟨ff⟩\n");
    for long in ["x".repeat(10_000), "é".repeat(LINE_BYTES), "\u{202e}".repeat(LINE_BYTES / 3)] {
        let line = line_of(long.as_bytes());
        assert!(line.len() <= LINE_BYTES && line.ends_with("…\n"), "{}", line.len());
    }
    let longest = "x".repeat(LINE_BYTES - "…\n".len());
    assert_eq!(line_of(longest.as_bytes()), format!("{longest}\n"));
}

#[test]
fn a_filter_is_a_level_or_names_our_modules() {
    for good in ["debug", "WARN", "off", "whyhook::server=trace", "info, whyhook::store=debug", "[delivery]=trace"] {
        assert!(parse(good).is_some(), "{good}");
    }
    for bad in ["verbose", "hyper=trace", "whyhook=loud", "whyhooks=debug", "info,x"] {
        assert!(parse(bad).is_none(), "{bad}");
    }
}

#[test]
fn a_queue_that_is_full_drops_and_counts() {
    let (jobs, queue) = mpsc::sync_channel(2);
    let full = Queue { jobs, dropped: counter() };
    for _ in 0..5 {
        let mut writer = &full;
        assert_eq!(writer.write(b"line\n").unwrap(), 5);
    }
    assert_eq!(full.dropped.load(Ordering::Relaxed), 3);
    drop(full);
    assert_eq!(queue.iter().count(), 2);
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn both_files_are_their_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.log");
        fs::write(&path, "what was there\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let (mut file, _) = open(&path, 20);
        assert_eq!(mode(&path), 0o600);
        file.line("a line of its own\n");
        assert_eq!((mode(&path), mode(&folder.path().join("a.log.1"))), (0o600, 0o600));
    }

    #[test]
    fn only_a_regular_file_of_one_process_is_logged_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("target"), "").unwrap();
        symlink(path("target"), path("link")).unwrap();
        assert!(refusal(&path("link")).ends_with("link: it is a symbolic link, not a regular file"));
        symlink(path("nowhere"), path("dangling")).unwrap();
        assert!(refusal(&path("dangling")).contains("a symbolic link"));
        assert!(!path("nowhere").exists());
        assert!(refusal(folder.path()).contains("it is a folder"));
        assert!(refusal(Path::new("/dev/null")).contains("it is a device"));
        let kind = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, path("fifo"), kind, rustix::fs::Mode::from_raw_mode(0o600), 0).unwrap();
        assert!(refusal(&path("fifo")).contains("a pipe"));
        fs::create_dir(path("a.log.1")).unwrap();
        assert!(refusal(&path("a.log")).contains("a.log.1: it is a folder"));
        assert!(refusal(&path("no/b.log")).contains("cannot log to"));
        let first = open(&path("b.log"), 100);
        assert!(refusal(&path("b.log")).contains("another whyhook is logging to it"));
        drop(first);
        open(&path("b.log"), 100);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_cannot_be_written_is_counted_and_said_once_it_can() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.log");
        let (mut file, dropped) = open(&path, 1000);
        file.line("one\n");
        let own = fs::OpenOptions::new().append(true).open(&path).unwrap();
        file.divert(fs::OpenOptions::new().append(true).open("/dev/full").unwrap());
        file.line("two\n");
        file.line("three\n");
        assert_eq!(dropped.load(Ordering::Relaxed), 2);
        file.divert(own);
        file.line("four\n");
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!((lines.len(), lines[0], lines[2]), (3, "one", "four"), "{text}");
        assert!(lines[1].ends_with(" WARN whyhook::system::log: dropped lines=2"), "{text}");
        file.line("five\n");
        assert_eq!(fs::read_to_string(&path).unwrap().matches("dropped").count(), 1);
    }

    #[test]
    fn a_file_that_cannot_be_moved_grows_no_further() {
        let folder = tempfile::tempdir().unwrap();
        let (path, older) = (folder.path().join("a.log"), folder.path().join("a.log.1"));
        let (mut file, dropped) = open(&path, 100);
        let whole = format!("{}\n", "x".repeat(90));
        file.line(&whole);
        fs::create_dir(&older).unwrap();
        file.line("two that is dropped\n");
        file.line("fits\n");
        assert_eq!((fs::read_to_string(&path).unwrap().as_str(), dropped.load(Ordering::Relaxed)), (&*whole, 2));
        fs::remove_dir(&older).unwrap();
        file.retry();
        file.line("four\n");
        assert_eq!(fs::read_to_string(&older).unwrap(), whole);
        file.line("five\n");
        assert!(fs::read_to_string(&path).unwrap().ends_with("five\n"));
    }

    #[test]
    fn a_file_that_somebody_has_replaced_is_not_moved() {
        let folder = tempfile::tempdir().unwrap();
        let (path, older) = (folder.path().join("a.log"), folder.path().join("a.log.1"));
        let (mut file, _) = open(&path, 20);
        file.line("one that is whole\n");
        fs::remove_file(&path).unwrap();
        fs::write(&path, "theirs\n").unwrap();
        file.line("two is appended\n");
        assert_eq!(fs::read_to_string(&path).unwrap(), "theirs\ntwo is appended\n");
        assert!(!older.exists());
    }
}
