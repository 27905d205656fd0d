//! The configuration of proxies in docs/proxy, with the real programs. Where one is not installed, its test says so and passes;
//! `scripts/system-packages` installs nginx.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Output, Stdio},
};

use domain::Role;
use reqwest::{Client, RequestBuilder, redirect::Policy};
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::{Company, FakeDns, PostOffice, until};
use tokio::process::{Child, Command};

use super::{add, check, new_host};

fn documented(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/proxy").join(name)
}

/// A program of the system, if it is installed.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default();
    let folders = path.split(':').chain(["/usr/sbin", "/usr/local/sbin"]);
    let found = folders.map(|folder| Path::new(folder).join(name)).find(|file| file.is_file());
    if found.is_none() {
        eprintln!("SKIPPED: {name} is not installed, so its configuration is not checked");
    }
    found
}

async fn succeed(command: &mut Command) -> Output {
    let output = command.output().await.unwrap();
    assert!(output.status.success(), "{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    output
}

#[tokio::test]
async fn caddy_takes_its_configuration() {
    let Some(caddy) = program("caddy") else { return };
    let home = tempfile::tempdir().unwrap();
    let mut adapt = Command::new(caddy);
    adapt.args(["adapt", "--adapter", "caddyfile", "--validate", "--config"]).arg(documented("Caddyfile"));
    let output = succeed(adapt.env("HOME", home.path())).await;
    let config: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = config.to_string();
    for part in ["http://127.0.0.1:8000/tls/ask", "\"on_demand\":true", "\"dial\":\"127.0.0.1:8000\""] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

/// The counters name tenants where the operator wants that, and who may have certificates is for proxies to ask.
#[test]
fn every_block_of_caddy_closes_what_is_not_for_the_world() {
    let guide = fs::read_to_string(documented("../domains.md")).unwrap();
    let whole = fs::read_to_string(documented("Caddyfile")).unwrap();
    let parts = guide.split("```").filter(|part| part.contains("reverse_proxy"));
    let blocks: Vec<&str> = parts.chain([whole.as_str()]).collect();
    assert_eq!(blocks.len(), 2);
    for block in blocks {
        for line in ["\t@operators path /metrics /tls/ask\n", "\trespond @operators 404\n"] {
            assert!(block.contains(line), "{line} is not in {block}");
        }
    }
}

/// nginx as it is documented, but for ports, paths and the base domain.
struct Nginx {
    process: Child,
    http: u16,
    https: u16,
    _home: TempDir,
}

impl Nginx {
    async fn start(nginx: &Path, backend: u16, own_domain: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().display().to_string();
        for name in ["localhost", own_domain] {
            make_certificate(&home.path().join("certificates").join(name), name);
        }
        let (http, https) = (free_port(), free_port());
        let mut text = fs::read_to_string(documented("nginx.conf")).unwrap();
        for (documented, here) in [
            ("events {", format!("pid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{")),
            ("http {", format!("http {{\naccess_log off;\n{}", temporary_paths(&folder))),
            ("example\\.com$\" example.com", "localhost$\" localhost".to_owned()),
            ("listen 80 default_server", format!("listen 127.0.0.1:{http} default_server")),
            ("listen 443 ssl default_server", format!("listen 127.0.0.1:{https} ssl default_server")),
            ("server 127.0.0.1:8000;", format!("server 127.0.0.1:{backend};")),
        ] {
            assert_eq!(text.matches(documented).count(), 1, "{documented}");
            text = text.replace(documented, &here);
        }
        text = text.replace("/etc/tenantry/certificates", &format!("{folder}/certificates"));
        let file = home.path().join("nginx.conf");
        fs::write(&file, text).unwrap();
        // Started by root, its workers would be somebody who may not enter the folder.
        let user = if fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0) {
            "user root;"
        } else {
            ""
        };
        let command = |arguments: &[&str]| {
            let mut command = Command::new(nginx);
            command.arg("-p").arg(home.path()).arg("-c").arg(&file).args(["-g", &format!("{user} daemon off;")]).args(arguments);
            command
        };
        succeed(&mut command(&["-t"])).await;
        let process = command(&[]).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn().unwrap();
        let started = Self { process, http, https, _home: home };
        until("nginx answers", async || tokio::net::TcpStream::connect(("127.0.0.1", https)).await.is_ok()).await;
        started
    }

    /// A request of somebody whose DNS says that the host is here.
    fn post(&self, host: &str, query: &str) -> RequestBuilder {
        let here = std::net::SocketAddr::from(([127, 0, 0, 1], self.https));
        let client = Client::builder().danger_accept_invalid_certs(true).redirect(Policy::none()).resolve(host, here).no_proxy();
        let address = format!("https://{host}:{}/graphql", self.https);
        client.build().unwrap().post(address).json(&json!({ "query": query }))
    }

    /// Ends it with its workers.
    async fn stop(mut self) {
        let pid = self.process.id().unwrap().to_string();
        succeed(Command::new("kill").args(["-QUIT", &pid])).await;
        self.process.wait().await.unwrap();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn temporary_paths(folder: &str) -> String {
    let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    kinds.map(|kind| format!("{kind}_temp_path {folder}/{kind};\n")).concat()
}

fn make_certificate(folder: &Path, name: &str) {
    fs::create_dir_all(folder).unwrap();
    let names = vec![name.to_owned(), format!("*.{name}")];
    let certificate = rcgen::generate_simple_self_signed(names).unwrap();
    fs::write(folder.join("fullchain.pem"), certificate.cert.pem()).unwrap();
    fs::write(folder.join("privkey.pem"), certificate.signing_key.serialize_pem()).unwrap();
}

async fn text(request: RequestBuilder) -> String {
    request.send().await.unwrap().text().await.unwrap()
}

#[tokio::test]
async fn requests_pass_through_nginx_as_documented() {
    let Some(nginx) = program("nginx") else { return };
    let dns = FakeDns::start().await;
    let flags = ["--dns-server", &dns.address(), "--trusted-proxy", "127.0.0.1", "--https"];
    let office = PostOffice::open_with(&flags).await;
    let (company, other) = (office.server.company().await, office.server.company().await);
    let (own, owner) = (new_host(), office.caller(&company, Role::Owner));
    let record = add(&owner, &own).await;
    dns.say(&record.name, tests::DnsMood::text(&record.value));
    assert_eq!(check(&owner, &own).await.0, "PROVED");
    let listening = office.server.listen().await;
    let nginx = Nginx::start(&nginx, listening.address.port(), &own).await;

    let place = "{ tenant { slug } }";
    let expected = |company: &Company<'_>| format!("{{\"data\":{{\"tenant\":{{\"slug\":\"{}\"}}}}}}", company.tenant.slug);
    assert_eq!(text(nginx.post(&company.host(), place)).await, expected(&company));
    assert_eq!(text(nginx.post(&own, place)).await, expected(&company));
    assert_eq!(text(nginx.post(&other.host(), place)).await, expected(&other));
    // What a visitor forges is not passed on.
    for forged in ["x-forwarded-host", "X-Forwarded-Host"] {
        assert_eq!(text(nginx.post(&company.host(), place).header(forged, other.host())).await, expected(&company));
    }
    // Nor is an address.
    let account = company.account(Role::Hr).await;
    let sign_in = format!(
        "mutation {{ signIn(input: {{ email: {:?}, password: {:?}, keepInCookie: true }}) {{ accessToken }} }}",
        account.email, account.password
    );
    let answer = nginx.post(&company.host(), &sign_in).header("x-forwarded-for", "203.0.113.9").send().await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.contains("Secure"), "{cookie}");
    let mut operator = office.database.connect().await;
    let sql = "SELECT coalesce(address, 'none') FROM platform.sessions WHERE host IS NOT NULL";
    assert_eq!(tests::value::<String>(&mut operator, sql).await, "127.0.0.1");

    // A certificate for each name, and none for a name that nobody has.
    assert!(nginx.post("nobody.example.org", place).send().await.is_err());
    for path in ["metrics", "tls/ask?domain=localhost"] {
        let client = Client::builder().danger_accept_invalid_certs(true).no_proxy().build().unwrap();
        let answer = client.get(format!("https://localhost:{}/{path}", nginx.https)).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 404, "{path}");
    }
    let plain = Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
    let answer = plain.get(format!("http://127.0.0.1:{}/x?y=z", nginx.http)).header("host", &own).send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.headers()["location"].to_str().unwrap()),
        (308, format!("https://{own}/x?y=z").as_str())
    );
    // A WebSocket finds its way.
    let upgrade = [
        ("upgrade", "websocket"),
        ("connection", "Upgrade"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("sec-websocket-protocol", "graphql-transport-ws"),
    ];
    let here = std::net::SocketAddr::from(([127, 0, 0, 1], nginx.https));
    let client = Client::builder().danger_accept_invalid_certs(true).http1_only().resolve(&own, here).no_proxy().build().unwrap();
    let mut request = client.get(format!("https://{own}:{}/graphql", nginx.https));
    for (name, value) in upgrade {
        request = request.header(name, value);
    }
    assert_eq!(request.send().await.unwrap().status().as_u16(), 101);
    nginx.stop().await;
}
