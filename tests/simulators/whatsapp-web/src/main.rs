//! The simulator as a program: `whatsapp-web-simulator --listen 127.0.0.1:9001`.
//!
//! Prints one line of JSON with what a client must be told, then serves the protocol, the media host and the control
//! API until it is stopped.

use anyhow::{Context as _, Result};
use clap::Parser;
use greenroom_simulator_whatsapp_web::{Options, Simulator, serve_control};
use serde_json::json;
use std::net::SocketAddr;
use std::path::PathBuf;
use tokio::net::TcpListener;

/// Plays WhatsApp's multi-device server on this machine.
#[derive(Parser)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
struct Arguments {
    /// Where the WebSocket listens.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Where the control API listens.
    #[arg(long, default_value = "127.0.0.1:0")]
    control: SocketAddr,
    /// Where the media host's certificate is written; a file in the temporary folder by default.
    #[arg(long)]
    certificate: Option<PathBuf>,
    /// Refuses Noise IK.
    #[arg(long)]
    refuse_ik: bool,
    /// Shows expired certificates.
    #[arg(long)]
    certificates_expired: bool,
    /// Tells companions that chats are keyed by LID.
    #[arg(long)]
    lid_migrated: bool,
    /// Asks companions for a passkey.
    #[arg(long)]
    passkey: bool,
}

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let arguments = Arguments::parse();
    let options = Options {
        listen: arguments.listen,
        refuse_ik: arguments.refuse_ik,
        certificates_expired: arguments.certificates_expired,
        lid_migrated: arguments.lid_migrated,
        passkey: arguments.passkey,
        ..Options::default()
    };
    let simulator = Simulator::start(options).await?;
    let listener = TcpListener::bind(arguments.control).await.context("binding the control API's port")?;
    let control = format!("http://{}", listener.local_addr()?);
    let name = format!("whatsapp-web-simulator-{}.pem", std::process::id());
    let certificate = arguments.certificate.unwrap_or_else(|| std::env::temp_dir().join(name));
    std::fs::write(&certificate, simulator.certificate_pem()).context("writing the certificate")?;
    let line = json!({"url": simulator.url(), "root_public_key": simulator.root_public_key_hex(),
        "certificate": certificate, "media_url": simulator.media_url(),
        "media_plain_url": simulator.media_plain_url(), "control": control});
    println!("{line}");
    tokio::select! {
        served = serve_control(simulator, listener) => served?,
        _ = tokio::signal::ctrl_c() => {}
    }
    Ok(())
}
