//! Trap 16: the program behind PgBouncer in transaction mode, where each transaction gets another connection.

use std::{
    fs,
    os::unix::{
        fs::{MetadataExt, PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use api::app::system_clock;
use migration::tenant::TenantMigrator;
use sea_orm::{TransactionSession, TransactionTrait};
use sqlx::{ConnectOptions as _, Connection as _, postgres::PgConnectOptions};
use tempfile::TempDir;
use tenancy::{PoolOptions, Tenants};
use tests::{
    Server, assert_is_tenant, assert_reads_own, database_url, marked_tenant, pool_options, run, schema_and_role, until, value,
};

use crate::interleaving::interleave;

/// A PgBouncer of the test's own, in front of the run's database.
struct PgBouncer {
    process: Child,
    directory: TempDir,
    database: String,
}

impl PgBouncer {
    /// Starts it with so many connections to Postgres, and waits until it answers.
    async fn start(connections: u32) -> Self {
        let postgres: PgConnectOptions = database_url().parse().unwrap();
        let directory = tempfile::Builder::new().prefix("tenantry-pgbouncer-").tempdir().unwrap();
        let account = account(&postgres);
        let path = directory.path();
        let log = path.join("pgbouncer.log");
        let configuration = path.join("pgbouncer.ini");
        fs::write(&configuration, configuration_of(&postgres, path, connections)).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
        let mut command = Command::new(binary());
        if let Some((user, group)) = account {
            for owned in [path, &configuration] {
                chown(owned, Some(user), Some(group)).unwrap();
            }
            // PgBouncer refuses to run as root.
            command.gid(group).uid(user);
        }
        let output = fs::File::create(&log).unwrap();
        let process = command
            .arg(&configuration)
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .current_dir("/")
            .spawn()
            .unwrap_or_else(|error| panic!("PgBouncer does not start: {error}"));
        let mut bouncer = Self { process, directory, database: postgres.get_database().unwrap().to_owned() };
        let options = bouncer.options(&postgres);
        until("PgBouncer answers", async || {
            let ended = bouncer.process.try_wait().unwrap();
            assert!(ended.is_none(), "PgBouncer ended: {}", fs::read_to_string(&log).unwrap_or_default());
            match options.connect().await {
                Ok(connection) => connection.close().await.is_ok(),
                Err(_) => false,
            }
        })
        .await;
        bouncer
    }

    fn options(&self, postgres: &PgConnectOptions) -> PgConnectOptions {
        let options = PgConnectOptions::new_without_pgpass();
        let options = options.socket(self.directory.path()).port(6432).username(postgres.get_username()).database(&self.database);
        options.ssl_mode(sqlx::postgres::PgSslMode::Disable)
    }

    /// How the program reaches Postgres: requests through the pooler, the rest directly.
    fn pool_options(&self) -> PoolOptions {
        let direct = database_url();
        let pooled = self.options(&direct.parse().unwrap()).to_url_lossy().to_string();
        PoolOptions { transaction_pooler: true, direct_url: Some(direct), ..pool_options(&pooled) }
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        // Both fail only when the process has ended already.
        let _ended = self.process.kill();
        let _ended = self.process.wait();
    }
}

fn binary() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]).map(|directory| directory.join("pgbouncer"));
    let mut found = found.filter(|file| file.is_file());
    found.next().expect("this test needs PgBouncer: install it, on Debian and Ubuntu by `apt-get install pgbouncer`")
}

/// The account that PgBouncer runs as, where the test is root: the one that may reach the socket of Postgres.
fn account(postgres: &PgConnectOptions) -> Option<(u32, u32)> {
    if fs::metadata("/proc/self").map(|process| process.uid()).unwrap_or_default() != 0 {
        return None;
    }
    let owner = postgres.get_socket().and_then(|socket| fs::metadata(socket).ok()).map(|socket| (socket.uid(), socket.gid()));
    Some(owner.filter(|(user, _)| *user != 0).unwrap_or((65_534, 65_534)))
}

fn configuration_of(postgres: &PgConnectOptions, directory: &Path, connections: u32) -> String {
    let host = postgres.get_socket().map_or_else(|| postgres.get_host().to_owned(), |socket| socket.display().to_string());
    let (database, user, port) = (postgres.get_database().unwrap(), postgres.get_username(), postgres.get_port());
    let directory = directory.display();
    format!(
        "[databases]\n\
         {database} = host={host} port={port} dbname={database} user={user}\n\
         [pgbouncer]\n\
         pool_mode = transaction\n\
         auth_type = any\n\
         listen_addr =\n\
         listen_port = 6432\n\
         unix_socket_dir = {directory}\n\
         default_pool_size = {connections}\n\
         max_client_conn = 200\n\
         server_idle_timeout = 60\n\
         log_connections = 0\n\
         log_disconnections = 0\n\
         log_stats = 0\n\
         ignore_startup_parameters = extra_float_digits\n"
    )
}

/// The program behind PgBouncer, which has so many connections to Postgres.
async fn server_behind(bouncer: &PgBouncer) -> Server {
    let tenants = Tenants::connect::<TenantMigrator>(&bouncer.pool_options()).unwrap();
    Server::start_on(tenants, &[], system_clock()).await
}

/// Two transactions open at once, more clients than connections, and nothing that outlives a transaction.
#[tokio::test]
async fn each_transaction_behind_a_pooler_sets_its_tenant_itself() {
    let bouncer = PgBouncer::start(2).await;
    let server = server_behind(&bouncer).await;
    let acme = marked_tenant(server.tenants(), 1).await;
    let globex = marked_tenant(server.tenants(), 2).await;
    for _ in 0..20 {
        let one = server.tenants().read_write(&acme).begin().await.unwrap();
        let other = server.tenants().read_only(&globex);
        assert_reads_own(&one, &acme, 1).await;
        assert_reads_own(&other, &globex, 2).await;
        let savepoint = one.begin().await.unwrap();
        assert_is_tenant(&acme, &schema_and_role(&savepoint).await);
        savepoint.rollback().await.unwrap();
        assert_is_tenant(&acme, &schema_and_role(&one).await);
        one.commit().await.unwrap();
        drop(other);
        assert_reads_own(&server.tenants().read_write(&globex), &globex, 2).await;
        assert_eq!(schema_and_role(&server.tenants().platform()).await.0.as_deref(), Some("platform"));
    }
    // Whoever else uses the pooler gets the connections as they were.
    let mut clients = Vec::new();
    for _ in 0..2 {
        let mut client = bouncer.options(&database_url().parse().unwrap()).connect().await.unwrap();
        run(&mut client, "BEGIN").await;
        assert_eq!(value::<String>(&mut client, "SELECT current_setting('search_path')").await, "\"$user\", public");
        assert!(value::<bool>(&mut client, "SELECT current_user = session_user").await);
        clients.push(client);
    }
    server.tenants().close().await;
}

/// The property of `interleaving`, through the pooler.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_row_of_another_tenant_in_100_000_interleaved_reads_behind_pgbouncer() {
    let bouncer = PgBouncer::start(4).await;
    // How long a busy machine lets one wait is not what is tried.
    let options = PoolOptions { max_connections: 8, acquire_timeout: Duration::from_mins(1), ..bouncer.pool_options() };
    let tenants = Tenants::connect::<TenantMigrator>(&options).unwrap();
    let server = Server::start_on(tenants, &[], system_clock()).await;
    interleave(&server, "behind PgBouncer").await;
    server.tenants().close().await;
}
