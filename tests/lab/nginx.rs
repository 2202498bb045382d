//! nginx, in front and behind, with its access log.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use super::net::Net;
use super::process::Server;

/// A folder of a test's own that everybody may write, removed at its end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("flowcheck-lab-{test}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder");
        super::net::run("chmod", &["1777", path.to_str().expect("a name")]);
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("a name").to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Starts nginx in a namespace with what stands in its `http` block; its access log is `NAME.log` in the folder.
pub(crate) fn nginx(net: &Net, role: &str, folder: &Folder, name: &str, http: &str) -> Server {
    let at = |suffix: &str| folder.path(&format!("{name}{suffix}"));
    let (pid, log, error) = (at(".pid"), at(".log"), at(".err"));
    let conf = at(".conf");
    let text = format!(
        "daemon off; worker_processes 2; pid {pid}; error_log {error} warn; events {{ }}\n\
         http {{ access_log {log}; client_body_temp_path {}; proxy_temp_path {}; {http} }}\n",
        at(".body"),
        at(".proxy"),
    );
    fs::write(&conf, text).expect("a file");
    let child = net
        .command(role, "nginx")
        .args(["-e", &error, "-c", &conf])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("nginx runs");
    let server = Server(child);
    for _ in 0..600 {
        if Path::new(&pid).exists() {
            return server;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let why = fs::read_to_string(&error).unwrap_or_default();
    panic!("nginx does not start: {why}")
}

/// Lines of an access log.
pub(crate) fn logged(folder: &Folder, name: &str) -> u64 {
    let log = fs::read_to_string(folder.path(&format!("{name}.log"))).unwrap_or_default();
    log.lines().count() as u64
}

/// `count` requests from the client's namespace, four at a time.
pub(crate) fn requests(net: &Net, role: &str, url: &str, count: u32) {
    let urls = format!("{url}/r[1-{count}]");
    let status = net
        .command(role, "curl")
        .args([
            "-s",
            "--parallel",
            "--parallel-max",
            "4",
            "-o",
            "/dev/null",
            &urls,
        ])
        .stderr(Stdio::null())
        .status();
    assert!(status.expect("curl runs").success(), "{urls}");
}
