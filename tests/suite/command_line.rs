//! The program itself, as somebody runs it at a terminal.

mod health;
mod help;
mod keys;
mod lifecycle;
mod log;
mod mail;
mod migrate;
mod plans;
mod refusals;
mod standby;
mod tenants;
mod traces;

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{ExitStatus, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    task::JoinHandle,
    time::timeout,
};

/// The program that was built beside the tests.
pub(crate) fn program() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let program = tests.parent().and_then(Path::parent).unwrap().join("tenantry");
    assert!(program.exists(), "{} is missing; run `make test`, or `cargo build --package api` first", program.display());
    program
}

/// The program with nothing of this run's environment that it would read.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    for (name, _) in std::env::vars_os() {
        let ours = |name: &str| ["TENANTRY_", "OTEL_", "DATABASE_URL"].iter().any(|start| name.starts_with(start));
        // Where Postgres was installed for want of another stays known.
        if name.to_str().is_some_and(ours) && name != "TENANTRY_EMBEDDED_POSTGRES" {
            command.env_remove(name);
        }
    }
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// Runs the program to its end.
pub(crate) async fn run(command: &mut Command) -> Output {
    timeout(Duration::from_mins(1), command.output()).await.expect("the program does not end").unwrap()
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Checks that a command failed with one sentence that says this.
#[track_caller]
pub(crate) fn assert_one_sentence(output: &Output, part: &str) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert_eq!(text.trim_end().lines().count(), 1, "{text}");
    assert!(text.starts_with("tenantry: ") && text.contains(part), "{part:?} is not in {text}");
    assert!(output.stdout.is_empty(), "{}", stdout(output));
}

/// A directory for a private Postgres, which is stopped and removed with it.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let directory = TempDir::with_prefix("tenantry-command-line-").unwrap();
        // Where the program is root, Postgres runs as somebody else, who has to get in.
        fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
        Self(directory)
    }

    fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command(arguments);
        command.arg("--data-directory").arg(self.data());
        command
    }

    /// The process id of the private Postgres, if its file is there.
    fn postgres(&self) -> Option<u32> {
        let file = fs::read_to_string(self.data().join("cluster/postmaster.pid")).ok()?;
        file.lines().next()?.trim().parse().ok()
    }

    /// Serves at a free port, and waits until it does.
    async fn serve(&self) -> Serving {
        let port = free_port();
        let mut command = self.command(&["serve", "--listen", &format!("127.0.0.1:{port}")]);
        Serving::start(&mut command, port).await
    }

    /// Makes a tenant with an owner.
    async fn create_tenant(&self, slug: &str) {
        let email = format!("owner@{slug}.test");
        let mut command = self.command(&["tenant", "create", slug, "--owner-email", &email, "--owner-password", PASSWORD]);
        let output = run(&mut command).await;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // Left by a test that failed, or that killed its program.
        if let Some(process) = self.postgres() {
            signal(process, "QUIT");
        }
    }
}

const PASSWORD: &str = "a password of the tests";

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub(crate) fn signal(process: u32, name: &str) {
    let status = std::process::Command::new("sh").args(["-c", &format!("kill -{name} {process}")]).stderr(Stdio::null()).status();
    drop(status);
}

fn is_alive(process: u32) -> bool {
    let status = std::process::Command::new("sh").args(["-c", &format!("kill -0 {process}")]).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// A program that serves.
struct Serving {
    child: Child,
    port: u16,
    /// How long it took from its start until it was ready.
    took: Duration,
    log: JoinHandle<String>,
}

impl Serving {
    async fn start(command: &mut Command, port: u16) -> Self {
        let started = Instant::now();
        let mut child = command.spawn().unwrap();
        let mut errors = BufReader::new(child.stderr.take().unwrap()).lines();
        let log = tokio::spawn(async move {
            let mut text = String::new();
            while let Ok(Some(line)) = errors.next_line().await {
                text.push_str(&line);
                text.push('\n');
            }
            text
        });
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = async {
            while let Some(line) = lines.next_line().await.unwrap() {
                if line == "Tenantry is ready." {
                    return true;
                }
            }
            false
        };
        let is_ready = timeout(Duration::from_mins(1), ready).await.expect("the program does not get ready");
        let took = started.elapsed();
        let log = if is_ready { log } else { panic!("the program ended: {}", log.await.unwrap()) };
        // Goes on to be read, or the program would fail when it writes more.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { child, port, took, log }
    }

    fn process(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// Sends an operation to a tenant.
    async fn ask(&self, slug: &str, token: Option<&str>, query: &str, variables: Value) -> Value {
        let mut request = reqwest::Client::new()
            .post(format!("http://127.0.0.1:{}/graphql", self.port))
            .header("host", format!("{slug}.localhost"))
            .json(&json!({ "query": query, "variables": variables }));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        assert!(answer.get("errors").is_none(), "{answer}");
        answer["data"].clone()
    }

    /// Signs the owner in, and gives the access token.
    async fn sign_in(&self, slug: &str) -> String {
        let query = "mutation($input: SignInInput!) { signIn(input: $input) { accessToken } }";
        let input = json!({ "email": format!("owner@{slug}.test"), "password": PASSWORD });
        let answer = self.ask(slug, None, query, json!({ "input": input })).await;
        answer["signIn"]["accessToken"].as_str().unwrap().to_owned()
    }

    /// Asks the program to stop and waits for its end; gives its log.
    async fn stop(mut self, name: &str) -> String {
        signal(self.process(), name);
        let status = timeout(Duration::from_secs(40), self.child.wait()).await.expect("the program does not stop").unwrap();
        let log = self.log.await.unwrap();
        assert!(status.success(), "{status} {log}");
        log
    }

    /// Waits for the end of a program that was not asked to stop; gives its log.
    async fn end(mut self) -> (ExitStatus, String) {
        let status = timeout(Duration::from_secs(40), self.child.wait()).await.expect("the program does not end").unwrap();
        (status, self.log.await.unwrap())
    }

    /// Ends the program at once, as a crash would.
    async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}
