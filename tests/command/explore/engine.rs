//! What runs JavaScript here: headless Chromium, or else `node`.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a browser may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(180);

/// Takes what the pages in frames report.
const AROUND: &str = "\
const reports = [];
addEventListener('message', (event) => {
  reports[Array.from(frames).indexOf(event.source)] = event.data;
  document.documentElement.dataset.reports = JSON.stringify(reports);
});";

/// An engine by the program that it is.
pub enum Engine {
    Chromium(PathBuf),
    Node(PathBuf),
}

/// The program of this name on the path.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Said where it is seen: `eprintln!` is captured.
fn aloud(text: &str) {
    std::io::stderr().write_all(text.as_bytes()).unwrap();
}

impl Engine {
    /// Chromium, if there is one.
    pub fn browser() -> Option<Self> {
        let found = ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(program);
        if found.is_none() {
            aloud("explore: the page was NOT looked at in a browser: there is no Chromium here\n");
        }
        found.map(Self::Chromium)
    }

    /// Whatever runs JavaScript.
    pub fn any() -> Option<Self> {
        let chromium = ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(program);
        let found = chromium.map(Self::Chromium).or_else(|| program("node").map(Self::Node));
        if found.is_none() {
            aloud("explore: the page's numbers were NOT tested: there is neither Chromium nor node here\n");
        }
        found
    }

    /// Runs a module; the text that it gives to `report`.
    pub fn run(&self, module: &str) -> String {
        match self {
            Self::Chromium(_) => {
                let report = "const report = (text) => parent.postMessage(text, \"*\");\n";
                let page = format!(
                    "<!DOCTYPE html><html><head><meta charset=\"utf-8\"><title>test</title></head><body>\
                     <script type=\"module\">{report}{module}</script></body></html>"
                );
                self.reports_of(&page, 800, &[""]).remove(0)
            }
            Self::Node(node) => {
                let folder = tempfile::tempdir().unwrap();
                let file = folder.path().join("test.mjs");
                fs::write(&file, format!("const report = (text) => console.log(text);\n{module}")).unwrap();
                let Output { status, stdout, stderr } = Command::new(node).arg(&file).output().unwrap();
                assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
                String::from_utf8(stdout).unwrap()
            }
        }
    }

    /// Opens a page in frames of this width, one with each fragment; what each posts to the page around it.
    ///
    /// A window of its own would be 500 pixels wide at least.
    pub fn reports_of(&self, page: &str, width: usize, fragments: &[&str]) -> Vec<String> {
        let Self::Chromium(chromium) = self else { panic!("node shows no pages") };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("frames.html");
        fs::write(folder.path().join("page.html"), page).unwrap();
        let frame = |fragment: &&str| {
            format!("<iframe width=\"{width}\" height=\"1000\" src=\"page.html#{fragment}\"></iframe>")
        };
        let frames: String = fragments.iter().map(frame).collect();
        let around = format!(
            "<!DOCTYPE html><html><head><meta charset=\"utf-8\"><title>test</title></head><body>\
             <script>{AROUND}</script>{frames}</body></html>"
        );
        fs::write(&file, around).unwrap();
        // On a busy machine a browser may hand over the page before its scripts have run: then once more.
        for _ in 0..3 {
            let (dom, log) = dumped(chromium, &file);
            assert!(!log.contains("CONSOLE"), "{log}");
            let Some(reports) = dom.split("data-reports=\"").nth(1) else { continue };
            let reports: Vec<Option<String>> =
                serde_json::from_str(&unescaped(reports.split('"').next().unwrap())).unwrap();
            if reports.len() == fragments.len() && reports.iter().all(Option::is_some) {
                return reports.into_iter().flatten().collect();
            }
        }
        panic!("a page left no report");
    }
}

/// The page as it stands after its scripts have run, and what the browser logged.
fn dumped(chromium: &Path, file: &Path) -> (String, String) {
    let profile = tempfile::tempdir().unwrap();
    let out = profile.path().join("dom.html");
    let log = profile.path().join("log");
    let mut process = Command::new(chromium)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"])
        .args(["--hide-scrollbars", "--enable-logging=stderr", "--v=0", "--virtual-time-budget=20000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.path().join("profile").display()))
        .arg("--window-size=1400,1100")
        .arg(format!("file://{}", file.display()))
        .stdin(Stdio::null())
        .stdout(fs::File::create(&out).unwrap())
        .stderr(fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let started = Instant::now();
    while process.try_wait().unwrap().is_none() {
        if started.elapsed() > PATIENCE {
            process.kill().unwrap();
            process.wait().unwrap();
        }
        sleep(Duration::from_millis(20));
    }
    let read = |path: &Path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
    (read(&out), read(&log))
}

fn unescaped(text: &str) -> String {
    text.replace("&quot;", "\"")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&nbsp;", "\u{a0}")
        .replace("&amp;", "&")
}
