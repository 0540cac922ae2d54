//! The simulator as a program: `whatsapp-cloud-simulator --listen 127.0.0.1:9000`.
//!
//! Prints what to give the bot, then serves Graph and the control calls of the module `control` until it is stopped.

use clap::Parser;
use greenroom_simulator_whatsapp_cloud::{Number, Rates, Settings, Simulator};

/// Plays Meta's WhatsApp Cloud API on this machine.
#[derive(Parser)]
struct Arguments {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:9000")]
    listen: String,
    /// Where the bot listens; may also be told later by POST /control/webhook.
    #[arg(long)]
    webhook: Option<String>,
    /// The app secret that signs webhooks.
    #[arg(long, default_value = "simulated-app-secret")]
    app_secret: String,
    /// The verify token of the handshake.
    #[arg(long, default_value = "simulated-verify-token")]
    verify_token: String,
    /// The access token that is accepted.
    #[arg(long, default_value = "SIMULATED-PERMANENT-TOKEN")]
    access_token: String,
    /// The phone number id; may be given several times.
    #[arg(long = "number", default_value = "500000000000001")]
    numbers: Vec<String>,
    /// Enforces no rates.
    #[arg(long)]
    no_rates: bool,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    tracing_subscriber::fmt().with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).init();
    let arguments = Arguments::parse();
    let numbers = arguments.numbers.iter().enumerate();
    let numbers =
        numbers.map(|(i, id)| Number { id: id.clone(), display: format!("1555000{:04}", 1111 + i), official: true });
    let settings = Settings {
        app_secret: arguments.app_secret,
        verify_token: arguments.verify_token,
        access_token: arguments.access_token,
        numbers: numbers.collect(),
        rates: if arguments.no_rates { Rates::Lifted } else { Rates::Enforced },
        ..Settings::default()
    };
    let meta = Simulator::listen(&arguments.listen, settings).await?;
    let settings = meta.settings();
    println!("export WHATSAPP_GRAPH_URL={}", meta.graph_url());
    println!("export WHATSAPP_PHONE_NUMBER_ID={}", settings.numbers[0].id);
    println!("export WHATSAPP_ACCESS_TOKEN={}", settings.access_token);
    println!("export WHATSAPP_APP_SECRET={}", settings.app_secret);
    println!("export WHATSAPP_VERIFY_TOKEN={}", settings.verify_token);
    if let Some(url) = arguments.webhook {
        match meta.connect(&url).await {
            Ok(()) => println!("# webhooks go to {url}"),
            Err(failed) => eprintln!("{url} did not pass the handshake: {}", failed.answer),
        }
    }
    tokio::signal::ctrl_c().await
}
