//! The way to the collector.

use serde_json::json;
use tokio::{io::AsyncReadExt as _, net::TcpListener};

use super::{
    super::{Home, assert_one_sentence, free_port, run},
    MUCH_LATER, Traced,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_is_dead_holds_nobody_up() {
    let home = Home::new();
    home.create_tenant("acme").await;
    // It takes what it is sent and never says so. There is room for one span that waits.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let (reached, mut is_reached) = tokio::sync::watch::channel(false);
    tokio::spawn(async move {
        let mut connections = Vec::new();
        while let Ok((mut connection, _)) = silent.accept().await {
            let mut buffer = [0; 1024];
            drop(connection.read(&mut buffer).await);
            connections.push(connection);
            reached.send_replace(true);
        }
    });
    let traced = Traced::to(&home, endpoint)
        .with("OTEL_EXPORTER_OTLP_TIMEOUT", MUCH_LATER)
        .with("OTEL_BSP_SCHEDULE_DELAY", "10")
        .with("OTEL_BSP_MAX_QUEUE_SIZE", "1")
        .with("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1");
    let serving = traced.serve().await;
    let token = serving.sign_in("acme").await;
    is_reached.wait_for(|reached| *reached).await.unwrap();
    // None of them could be answered if one waited for the collector, which has ten minutes.
    for _ in 0..50 {
        serving.ask("acme", Some(&token), "{ positions { totalCount } }", json!({})).await;
    }
    let log = serving.stop("INT").await;
    assert!(log.contains("the last traces could not be sent"), "{log}");

    // Nobody is there at all.
    let nobody = format!("http://127.0.0.1:{}", free_port());
    let serving = Traced::to(&home, nobody).with("OTEL_BSP_SCHEDULE_DELAY", "10").serve().await;
    let lost = async || {
        let metrics = reqwest::get(format!("http://127.0.0.1:{}/metrics", serving.port)).await.unwrap().text().await.unwrap();
        metrics.lines().any(|line| line.starts_with("trace_spans_total{outcome=\"lost\"}"))
    };
    for _ in 0..3 {
        serving.ask("acme", Some(&token), "{ positions { totalCount } }", json!({})).await;
    }
    tests::until("spans are counted as lost", lost).await;
    serving.ask("acme", Some(&token), "{ positions { totalCount } }", json!({})).await;
    let log = serving.stop("INT").await;
    assert_eq!(log.matches("traces cannot be sent").count(), 1, "{log}");
}

#[tokio::test]
async fn variables_that_cannot_be_followed_are_named() {
    let home = Home::new();
    let listen = format!("127.0.0.1:{}", free_port());
    for (name, value, part) in [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "http/protobuf"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json", "http/protobuf"),
        ("OTEL_TRACES_SAMPLER", "sometimes", "parentbased_traceidratio"),
        ("OTEL_TRACES_EXPORTER", "zipkin", "otlp or none"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "no address", "Traces cannot be sent"),
    ] {
        let mut command = home.command(&["serve", "--listen", &listen]);
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9").env(name, value);
        assert_one_sentence(&run(&mut command).await, part);
    }
    let mut command = home.command(&["serve", "--listen", &listen]);
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9");
    command.env("OTEL_TRACES_SAMPLER", "traceidratio").env("OTEL_TRACES_SAMPLER_ARG", "2");
    assert_one_sentence(&run(&mut command).await, "OTEL_TRACES_SAMPLER_ARG");
}
