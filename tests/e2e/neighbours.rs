//! The comparison of `benches/neighbours` still runs, and the scripts beside the benchmarks are still programs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::tools::tool;

fn benches() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches")
}

/// The files with this ending in `benches/` and `benches/neighbours/`.
fn scripts(ending: &str) -> Vec<PathBuf> {
    [benches(), benches().join("neighbours")]
        .iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|file| file.extension().is_some_and(|found| found == ending))
        .collect()
}

#[test]
fn every_script_of_the_benchmarks_is_a_program() {
    let python = "import ast, sys; [ast.parse(open(file).read(), file) for file in sys.argv[1:]]";
    for (name, ending, given) in [("node", "mjs", ["--check"].as_slice()), ("python3", "py", &["-c", python])] {
        let Some(program) = tool(name) else { continue };
        let scripts = scripts(ending);
        assert!(!scripts.is_empty());
        for script in scripts {
            let ran = Command::new(&program).args(given).arg(&script).output().unwrap();
            assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        }
    }
}

/// A try of it, with the two that need nothing installed: the load is made, deliveries are signed as each verifies them, the
/// killed whyhook's store is read, and nothing that it answered is missing.
#[test]
#[cfg(target_os = "linux")]
fn the_neighbours_are_compared() {
    let (Some(node), Some(_)) = (tool("node"), tool("rustc")) else { return };
    let ran = Command::new(node)
        .arg(benches().join("neighbours/run.mjs"))
        .args(["--try", "speed", "kill", "--sizes", "2", "--only", "whyhook,Node (stream)"])
        .args(["--whyhook", env!("CARGO_BIN_EXE_whyhook"), "--cache"])
        .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("neighbours"))
        .output()
        .unwrap();
    let (out, said) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{out}{said}");
    let (speed, kill) = out.split_once("kill -9").unwrap();
    for table in [speed, kill] {
        for name in ["whyhook", "Node (stream)"] {
            assert!(table.lines().any(|line| line.starts_with(&format!("| {name} | "))), "{out}");
        }
    }
    let row = kill.lines().find(|line| line.starts_with("| whyhook |")).unwrap();
    assert_eq!(row.split(" | ").nth(2), Some("0"), "{out}");
}
