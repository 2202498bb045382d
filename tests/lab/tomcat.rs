//! Tomcat 10 as Debian packages it, started by hand: connectors and nothing else.

use std::fmt::Write as _;
use std::fs;
use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use super::net::Net;
use super::nginx::Folder;
use super::process::Server;

const HOME: &str = "/usr/share/tomcat10";

/// A file is all that it serves.
const WEB: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="6.0">
  <servlet>
    <servlet-name>default</servlet-name>
    <servlet-class>org.apache.catalina.servlets.DefaultServlet</servlet-class>
  </servlet>
  <servlet-mapping><servlet-name>default</servlet-name><url-pattern>/</url-pattern></servlet-mapping>
</web-app>
"#;

/// What a test with Tomcat lacks here.
pub(crate) fn missing() -> Option<String> {
    if !Path::new(HOME).join("bin/bootstrap.jar").exists() {
        return Some("Tomcat 10 is not installed".to_owned());
    }
    let java = std::process::Command::new("java").arg("-version").output();
    java.is_err().then(|| "Java is not installed".to_owned())
}

/// Starts Tomcat in a namespace with a connector on port 8080 of each address, with these attributes; it answers
/// `/hello.txt`. It takes seconds to be [`ready`].
pub(crate) fn tomcat(
    net: &Net,
    role: &str,
    folder: &Folder,
    name: &str,
    connectors: &[(&str, &str)],
) -> Server {
    let base = folder.path(name);
    for part in ["conf", "logs", "temp", "work", "webapps/ROOT"] {
        fs::create_dir_all(format!("{base}/{part}")).expect("a folder");
    }
    let mut xml = "<Server port=\"-1\"><Service name=\"Catalina\">\n".to_owned();
    for (address, attributes) in connectors {
        let _ = writeln!(
            xml,
            "<Connector address=\"{address}\" port=\"8080\" {attributes}/>"
        );
    }
    xml += "<Engine name=\"Catalina\" defaultHost=\"localhost\">\n\
            <Host name=\"localhost\" appBase=\"webapps\" autoDeploy=\"false\"/></Engine></Service></Server>\n";
    for (file, text) in [
        ("conf/server.xml", xml.as_str()),
        ("conf/web.xml", WEB),
        ("webapps/ROOT/hello.txt", "hello\n"),
    ] {
        fs::write(format!("{base}/{file}"), text).expect("a file");
    }
    let console = File::create(format!("{base}/logs/console")).expect("a file");
    let child = net
        .command(role, "java")
        .args([
            "-Xmx128m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Djava.security.egd=file:/dev/urandom",
        ])
        .arg(format!("-Dcatalina.home={HOME}"))
        .arg(format!("-Dcatalina.base={base}"))
        .arg(format!("-Djava.io.tmpdir={base}/temp"))
        .args([
            "-cp",
            &format!("{HOME}/bin/bootstrap.jar:{HOME}/bin/tomcat-juli.jar"),
        ])
        .args(["org.apache.catalina.startup.Bootstrap", "start"])
        .stdout(Stdio::null())
        .stderr(console)
        .spawn()
        .expect("java runs");
    Server(child)
}

/// Waits until a Tomcat answers.
pub(crate) fn ready(folder: &Folder, name: &str) {
    let console = folder.path(&format!("{name}/logs/console"));
    let mut said = String::new();
    for _ in 0..1_200 {
        said = fs::read_to_string(&console).unwrap_or_default();
        if said.contains("Server startup in") {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("Tomcat does not start: {said}")
}
