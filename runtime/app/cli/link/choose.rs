//! Which channel is meant where accounts are linked.

use crate::cli::failure::Failure;
use greenroom::config::Config;
use greenroom::contract::factory::ChannelParts;
use greenroom::contract::time::Clock;
use greenroom::registry::Registry;

/// What can be configured where nothing is.
const HOW_TO_CONFIGURE: &str = "\
Write into greenroom.toml:
  [channels.whatsapp]
  adapter = \"whatsapp-web\"
  allow_from = [\"+15551234567\"]     # who is answered: your own number";

/// The channel that is meant: the one that is named, or the only one that links accounts.
pub(super) async fn chosen(config: &Config, registry: &Registry, name: Option<&str>) -> Result<String, Failure> {
    if let Some(name) = name {
        let known: Vec<&str> = config.channels.iter().map(|channel| channel.name.as_str()).collect();
        if known.contains(&name) {
            return Ok(name.to_owned());
        }
        let known = known.join(", ");
        return Err(Failure::usage(format!("no channel is configured as {name:?}; configured: {known}")));
    }
    let (mut linkable, mut broken) = (Vec::new(), None);
    for channel in &config.channels {
        let Some(entry) = registry.channel(&channel.adapter) else { continue };
        let parts = ChannelParts { name: channel.name.clone(), names: Vec::new(), clock: Clock::System };
        match entry.kind.build(channel.own.handed_over(), parts).await {
            Ok(made) if made.linking().is_some() => linkable.push(channel.name.to_string()),
            Ok(_) => {}
            Err(_) => broken = broken.or_else(|| Some(channel.name.to_string())),
        }
    }
    match linkable.as_slice() {
        [only] => Ok(only.clone()),
        [] => {
            // One that cannot be made is meant only if there is no other; opening it says what is wrong with it.
            if let Some(broken) = broken {
                return Ok(broken);
            }
            let without = registry.channel("whatsapp-web").is_none();
            let absent = greenroom::registry::absent("whatsapp-web").filter(|_| without);
            let hint = absent.map_or_else(|| HOW_TO_CONFIGURE.to_owned(), |absent| format!("{absent}."));
            Err(Failure::usage("no channel is configured that links accounts").hint(hint))
        }
        several => Err(Failure::usage(format!("several channels link accounts: {}", several.join(", ")))
            .hint("Name one: greenroom link NAME")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom::config::Origin;

    const LINKABLE: &str = "adapter = \"loopback\"\nallow_from = [\"*\"]\nlinkable = true\n";
    const ECHO: &str = "[assistants.echo]\nkind = \"echo\"\n";

    async fn choose(channels: &str, name: Option<&str>) -> Result<String, String> {
        let registry = Registry::standard();
        let config = Config::parse(Origin::Program, &format!("{channels}{ECHO}"), [], &registry, &[]).unwrap();
        chosen(&config, &registry, name).await.map_err(|failure| format!("{failure:?}"))
    }

    #[tokio::test]
    async fn the_only_channel_that_links_accounts_need_not_be_named() {
        let console = "[channels.desk]\nadapter = \"console\"\n";
        let one = format!("{console}[channels.front]\n{LINKABLE}");
        assert_eq!(choose(&one, None).await, Ok("front".to_owned()));
        let two = format!("{one}[channels.back]\n{LINKABLE}");
        assert!(choose(&two, None).await.unwrap_err().contains("several channels link accounts: back, front"));
        assert_eq!(choose(&two, Some("back")).await, Ok("back".to_owned()));
        assert!(choose(&two, Some("side")).await.unwrap_err().contains("configured: back, desk, front"));
    }

    /// So that what is wrong with it is said, instead of that there is none.
    #[tokio::test]
    async fn one_that_cannot_be_made_is_meant_if_there_is_no_other() {
        let broken = "[channels.side]\nadapter = \"loopback\"\nallow_from = [\"*\"]\naccounts = []\n";
        assert_eq!(choose(broken, None).await, Ok("side".to_owned()));
        assert_eq!(choose(&format!("{broken}[channels.front]\n{LINKABLE}"), None).await, Ok("front".to_owned()));
    }

    #[tokio::test]
    async fn without_any_it_says_what_to_write() {
        let none = choose("[channels.desk]\nadapter = \"console\"\n", None).await.unwrap_err();
        assert!(none.contains("no channel is configured that links accounts"), "{none}");
        let hint =
            if cfg!(feature = "whatsapp-web") { "adapter = \\\"whatsapp-web\\\"" } else { "without the feature" };
        assert!(none.contains(hint), "{none}");
    }
}
