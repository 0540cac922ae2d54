//! The server as a program: `scripted-model-server --script FILE --listen 127.0.0.1:0`.
//!
//! Prints what to give the bot, then one line for each request, until it is stopped.

use clap::Parser;
use greenroom_simulator_models::{Model, ModelServer, Script, Settings};
use std::path::PathBuf;

/// Plays the servers of language models on this machine: OpenAI, Anthropic and Gemini on one address.
#[derive(Parser)]
struct Arguments {
    /// The script; without one, the model says back what the person said.
    #[arg(long)]
    script: Option<PathBuf>,
    /// Where to listen; port 0 is any free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: String,
    /// The key that is accepted; may be given several times.
    #[arg(long = "key", default_value = "scripted-key")]
    keys: Vec<String>,
    /// Asks for no key, as Ollama does.
    #[arg(long)]
    no_key: bool,
    /// A model that exists beside "scripted" and "scripted-thinking"; may be given several times.
    #[arg(long = "model")]
    models: Vec<String>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::parse();
    let script = match &arguments.script {
        Some(path) => Script::parse(&std::fs::read_to_string(path)?)?,
        None => Script::echo(),
    };
    let models = arguments.models.into_iter().map(Model::new);
    let keys = if arguments.no_key { Vec::new() } else { arguments.keys };
    let settings = models.fold(Settings { keys, ..Settings::default() }, Settings::model);
    let server = ModelServer::listen(&arguments.listen, settings, script).await?;
    println!("# OpenAI chat completions and Responses, Anthropic: {}/v1/", server.url());
    println!("# Gemini: {}/v1beta/", server.url());
    println!("export SCRIPTED_MODEL_URL={}/v1/", server.url());
    if !server.key().is_empty() {
        println!("export SCRIPTED_MODEL_KEY={}", server.key());
    }
    tokio::select! {
        end = tokio::signal::ctrl_c() => Ok(end?),
        () = report(&server) => Ok(()),
    }
}

/// Prints a line for each request and for each refusal.
async fn report(server: &ModelServer) {
    let (mut seen, mut refused) = (0, 0);
    loop {
        server.changed(seen, refused).await;
        for asked in server.asked().iter().filter(|asked| asked.number > seen) {
            let said = asked.said().chars().take(60).collect::<String>();
            println!(
                "request {}: {}, {}, {} messages, {said:?}",
                asked.number,
                asked.protocol,
                asked.model,
                asked.messages.len()
            );
        }
        seen = server.requests();
        let violations = server.violations();
        for violation in violations.iter().skip(refused) {
            println!("refused: {}, {}: {}", violation.protocol, violation.status, violation.message);
        }
        refused = violations.len();
    }
}
