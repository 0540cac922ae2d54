//! Small bots to begin from, one a file; `examples/cookbook.md` lists them.
//! `cargo run --example cookbook -- counter` talks to one on the console.

#[path = "recipes.rs"]
mod recipes;

use greenroom::prelude::*;
use std::sync::Arc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let name = std::env::args().nth(1).unwrap_or_default();
    let Some((_, bot)) = recipes::ALL.iter().find(|(known, _)| *known == name) else {
        let names: Vec<&str> = recipes::ALL.iter().map(|(name, _)| *name).collect();
        return Err(format!("name a recipe: {}", names.join(", ")).into());
    };
    bot(Arc::new(Console::new())).memory_store().run().await?;
    Ok(())
}
