//! `tenantry serve`.

use std::{pin::pin, sync::Arc, time::Duration};

use anyhow::Context as _;
use chrono::Utc;
use tenancy::Ended;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::{Notify, Semaphore, watch},
};

use super::{database::Database, migrate};
use crate::{
    app::{App, system_clock},
    auth::SignUpMode,
    background::Background,
    config::Config,
    demo::{self, DEMO_PASSWORD, DEMO_TENANTS},
    http::{self, Connections},
    mail::mailbox_folder,
    secret::{self, SecretKeys},
};

/// How long requests under way may take to end once the program was asked to stop.
const GRACE: Duration = Duration::from_secs(20);

pub(super) async fn run(mut config: Config, with_demo: bool, skip_migrations: bool, standby: u32) -> anyhow::Result<()> {
    if with_demo {
        config.sign_up.sign_up.get_or_insert(SignUpMode::Open);
    }
    let config = &config;
    // From here on Ctrl-C is an orderly end: a private Postgres is never left behind.
    let stop = stop_signal()?;
    // Before the database: a busy port is found out at once, and nothing has to be undone.
    let listener = TcpListener::bind(config.listen).await.with_context(|| {
        format!("Cannot listen on {}; stop the program that does or choose another with --listen", config.listen)
    })?;
    let mut database = Database::open_alone(config).await?;
    let mut local = database.local.take();
    let lost = async {
        match &mut local {
            Some(local) => local.ended().await,
            None => std::future::pending().await,
        }
    };
    let result = tokio::select! {
        result = serve(config, &database, listener, &stop, Start { with_demo, skip_migrations, standby }) => result,
        // Whoever supervises this program starts it again, and that recovers.
        () = lost => Err(anyhow::anyhow!(
            "The private Postgres has ended, and nothing can be served; its log is under {}. Start again to recover",
            config.data_directory.display()
        )),
    };
    database.local = local;
    let closed = database.close().await;
    result.and(closed)
}

/// How long the start waits for tenants that other programs are at. A backup takes as long as it takes.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is asked of this command alone.
#[derive(Debug, Clone, Copy)]
struct Start {
    with_demo: bool,
    skip_migrations: bool,
    /// Schemas to be kept prepared.
    standby: u32,
}

async fn serve(
    config: &Config,
    database: &Database,
    listener: TcpListener,
    stop: &Arc<Notify>,
    Start { with_demo, skip_migrations, standby }: Start,
) -> anyhow::Result<()> {
    http::install_metrics();
    let mut has_left = false;
    let prepare = async {
        if !skip_migrations {
            database.install().await?;
            let report = migrate::migrate_all(&database.tenants, 4, Some(PATIENCE)).await?;
            has_left = report.ended == Ended::Elsewhere;
        }
        if with_demo {
            demo::ensure_demo_tenants(&database.tenants).await?;
        }
        if let Some(path) = config.own_secret_key_file().filter(|path| !path.exists()) {
            // Not in the place of one that is lost: what that has encrypted would stay so.
            secret::check_keys(&database.tenants.platform(), &SecretKeys::default()).await?;
            secret::ensure_key_file(&path)?;
        }
        App::start(config, database.tenants.clone(), system_clock()).await
    };
    let app = tokio::select! {
        app = prepare => app?,
        () = stop.notified() => return Ok(()),
    };
    announce(config, with_demo);
    // Only a program that serves sends mail, looks after domains, archives, exports and the states of tenants, and prepares schemas: a command leaves all that to this one.
    let mut working = Background::default();
    if has_left {
        tracing::warn!("other programs are at some tenants, which are behind and not served until they are migrated");
        working.spawn(migrate::migrate_left(database.tenants.clone()));
    }
    working.spawn(Arc::clone(&app.mail).run(system_clock()));
    working.spawn(Arc::clone(&app.lifecycle).run(system_clock()));
    working.spawn(Arc::clone(&app.domains).run(system_clock()));
    working.spawn(Arc::clone(&app.usage).run(system_clock()));
    working.spawn(Arc::clone(&app.backups).run(system_clock()));
    working.spawn(Arc::clone(&app.exports).run(system_clock()));
    if let Some(wanted) = usize::try_from(standby).ok().filter(|wanted| *wanted > 0) {
        let tenants = database.tenants.clone();
        working.spawn(async move { tenants.keep_standby(wanted, Utc::now).await });
    }

    let connections = Connections {
        most: usize::try_from(config.max_connections).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS),
        header_timeout: Duration::from_secs(config.header_timeout),
        write_timeout: Duration::from_secs(config.write_timeout),
    };
    let (live, usage) = (Arc::clone(&app.live), Arc::clone(&app.usage));
    let (stopping, stopped) = watch::channel(false);
    let mut server = pin!(http::serve(listener, http::router(app), connections, stopped));
    tokio::select! {
        () = server.as_mut() => return Ok(()),
        () = stop.notified() => {}
    }
    tracing::info!("stopping: no new requests, those under way are finished");
    // An event stream is a request that would not end by itself.
    live.stop();
    stopping.send_replace(true);
    let impatient = async {
        tokio::select! {
            () = tokio::time::sleep(GRACE) => {}
            () = stop.notified() => {}
        }
    };
    tokio::select! {
        () = server => {}
        () = impatient => tracing::warn!("some requests did not end in time and are broken off"),
    }
    usage.write(Utc::now()).await;
    Ok(())
}

/// Tells the person at the terminal where to go.
fn announce(config: &Config, with_demo: bool) {
    let base = config.base_domain.as_str();
    println!("Tenantry is ready.");
    if with_demo {
        println!();
        for tenant in &DEMO_TENANTS {
            println!("  {:<12} {}", tenant.name, config.address_of(&format!("{}.{base}", tenant.slug)));
        }
        println!("  {:<12} {}", "platform", config.address_of(base));
        println!();
        println!("  Sign in as owner, hr, manager or employee, at the tenant's own domain:");
        for tenant in &DEMO_TENANTS {
            println!("    owner@{0}.test   hr@{0}.test   manager@{0}.test   employee@{0}.test", tenant.slug);
        }
        println!("  Password of all: {DEMO_PASSWORD}");
        println!("  GraphiQL: /graphiql on each tenant's address.");
    } else {
        println!("  {}", config.address_of(base));
    }
    if config.smtp_url.is_none() {
        println!("  Mail is not sent but written to {}", mailbox_folder(config).display());
    }
    println!();
    println!("Ctrl-C stops it.");
}

/// Is notified by each SIGINT and SIGTERM: the first asks to stop, the second not to wait.
fn stop_signal() -> anyhow::Result<Arc<Notify>> {
    let stop = Arc::new(Notify::new());
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let notify = Arc::clone(&stop);
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            notify.notify_one();
        }
    });
    Ok(stop)
}
