//! `doctor`: what is tried out of the configuration.

use super::whole::Wanted;
use greenroom::config::Config;
use greenroom::trial::{dry_turns, mail_works};
use greenroom_doctor::{Facts, Part, Tried};

/// Everything that can be tried; with `quick`, what takes no time.
pub(super) async fn tried(config: &Config, wanted: Wanted, facts: &mut Facts) {
    voice(config, facts);
    if !wanted.quick {
        #[cfg(feature = "whatsapp-cloud")]
        cloud(config, facts).await;
        #[cfg(feature = "models")]
        models(config, facts).await;
        #[cfg(feature = "tools")]
        tools(config, facts).await;
        mail(config, facts).await;
    }
    plugins(config, facts);
    assistants(config, wanted, facts).await;
}

fn part(kind: &'static str, name: impl Into<String>, tried: Tried) -> Part {
    Part { kind, name: name.into(), tried }
}

fn fails(what: impl Into<String>, command: impl Into<String>) -> Tried {
    Tried::Fails { what: what.into(), command: command.into() }
}

/// The model that hears, by its file; `doctor voice` loads it.
fn voice(config: &Config, facts: &mut Facts) {
    if !cfg!(feature = "voice") {
        return;
    }
    let tried = match config.voice.model_file(&config.store.path) {
        Ok(file) if file.is_file() => Tried::Works { how: format!("its model is {}", file.display()) },
        Ok(file) => {
            fails(format!("there is no model at {}", file.display()), "greenroom model fetch, or set voice.model")
        }
        // Where none is asked for, not hearing is what was chosen.
        Err(reason) if config.voice.model.is_none() => {
            Tried::Not { why: format!("voice notes are not heard: {reason}") }
        }
        Err(reason) => fails(reason, "greenroom model fetch, then greenroom doctor voice"),
    };
    facts.parts.push(part("voice", "", tried));
}

#[cfg(feature = "whatsapp-cloud")]
async fn cloud(config: &Config, facts: &mut Facts) {
    use greenroom::channels::whatsapp_cloud::doctor::Verdict;
    for (channel, checks) in super::cloud::examined(config).await {
        for check in checks {
            let next = check.next.unwrap_or_else(|| format!("greenroom doctor cloud --channel {channel}"));
            let what = check.found;
            let tried = match check.verdict {
                Verdict::Good => Tried::Works { how: what },
                Verdict::Skipped => Tried::Not { why: what },
                Verdict::Warning => Tried::Doubtful { what, command: next },
                Verdict::Bad => Tried::Fails { what, command: next },
            };
            facts.parts.push(part("channel", format!("{channel}, {}", check.what), tried));
        }
    }
}

#[cfg(feature = "models")]
async fn models(config: &Config, facts: &mut Facts) {
    use greenroom::contract::limits::TRIAL_TIMEOUT;
    use greenroom::contract::model::Models as _;
    use greenroom::contract::time::Clock;
    let trial = match greenroom::provisions::for_trial(config, Clock::System) {
        Ok(trial) => trial,
        Err(problem) => return facts.parts.push(part("model", "", fails(problem.to_string(), "greenroom check"))),
    };
    let Some(models) = trial.models else { return };
    for name in models.names() {
        let Some(model) = models.model(&name) else { continue };
        let begun = std::time::Instant::now();
        let tried = match model.try_out(TRIAL_TIMEOUT).await {
            Ok(_) => Tried::Works { how: format!("it answered in {:.1} s", begun.elapsed().as_secs_f64()) },
            Err(error) => fails(error.to_string(), format!("greenroom doctor models --model {name}")),
        };
        facts.parts.push(part("model", name.to_string(), tried));
    }
}

#[cfg(feature = "tools")]
async fn tools(config: &Config, facts: &mut Facts) {
    for (name, outcome) in super::tools::tried(config).await {
        let tried = match outcome {
            Ok(how) => Tried::Works { how },
            Err(what) => fails(what, format!("greenroom doctor tools --server {name}")),
        };
        facts.parts.push(part("tools", name, tried));
    }
}

/// The mail server that sends codes to people who link their addresses.
async fn mail(config: &Config, facts: &mut Facts) {
    let tried = match mail_works(config).await {
        None => return,
        Some(Ok(())) => Tried::Works { how: "it can be reached and lets this program in".to_owned() },
        Some(Err(what)) => {
            fails(what, "correct identity.smtp, user and password in greenroom.toml, then greenroom doctor")
        }
    };
    facts.parts.push(part("mail", "server", tried));
}

/// Plugins that were added, and what is broken of them.
#[cfg(feature = "plugins")]
fn plugins(config: &Config, facts: &mut Facts) {
    let folder = config.store.path.join("plugins");
    // Nothing is made by looking.
    if !folder.is_dir() {
        return;
    }
    let opened = match greenroom::plugins::PluginFolder::open(folder) {
        Ok(opened) => opened,
        Err(error) => return facts.parts.push(part("plugin", "", fails(error.to_string(), "greenroom plugin list"))),
    };
    for (name, plugin) in opened.list() {
        let tried = match plugin {
            Ok(plugin) => Tried::Works { how: format!("version {} is there", plugin.manifest.version) },
            Err(error) => {
                fails(error.to_string(), format!("greenroom plugin list, then greenroom plugin remove {name}"))
            }
        };
        facts.parts.push(part("plugin", name.to_string(), tried));
    }
}

#[cfg(not(feature = "plugins"))]
fn plugins(_: &Config, _: &mut Facts) {}

/// One dry turn of each.
async fn assistants(config: &Config, wanted: Wanted, facts: &mut Facts) {
    let turns = match dry_turns(config, wanted.turns).await {
        Ok(turns) => turns,
        Err(problems) => {
            facts.configuration = Some(problems.join("; "));
            return;
        }
    };
    for turn in turns {
        let kind = turn.kind;
        let tried = match turn.outcome {
            Ok(Some(took)) => Tried::Works { how: format!("{kind} answered a dry turn in {} ms", took.as_millis()) },
            Ok(None) => Tried::Not {
                why: format!(
                    "{kind} was not asked, because that costs something or leaves this machine; greenroom doctor --turns asks it"
                ),
            },
            Err(what) => {
                fails(format!("{kind} failed a dry turn: {what}"), "greenroom chat --assistant NAME, which shows more")
            }
        };
        facts.parts.push(part("assistant", turn.name.to_string(), tried));
    }
}
