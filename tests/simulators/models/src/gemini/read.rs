//! The body of a request.

use super::contents;
use crate::asked::{Offer, Protocol};
use crate::json::{At, Style};
use crate::offers;
use crate::read::{Read, model};
use crate::refusal::Refusal;
use crate::settings::{Model, Settings};
use serde_json::Value;

const FIELDS: &[&str] = &[
    "cachedContent",
    "contents",
    "generationConfig",
    "model",
    "safetySettings",
    "serviceTier",
    "store",
    "systemInstruction",
    "toolConfig",
    "tools",
];

const GENERATION: &[&str] = &[
    "candidateCount",
    "enableEnhancedCivicAnswers",
    "frequencyPenalty",
    "imageConfig",
    "logprobs",
    "maxOutputTokens",
    "mediaResolution",
    "presencePenalty",
    "responseJsonSchema",
    "responseLogprobs",
    "responseMimeType",
    "responseModalities",
    "responseSchema",
    "seed",
    "speechConfig",
    "stopSequences",
    "temperature",
    "thinkingConfig",
    "topK",
    "topP",
];

/// Reads a body; the model and whether to stream stand in the address.
pub(crate) fn read(body: &Value, name: &str, streamed: bool, settings: &Settings) -> Result<Read, Refusal> {
    let model = model(Protocol::Gemini, name, settings)?;
    let root = At::root(body, Style::Gemini);
    root.only(FIELDS)?;
    let mut read = Read { model: name.to_owned(), streamed, ..Read::default() };
    if let Some(config) = root.get("generationConfig") {
        config.only(GENERATION)?;
        read.max_tokens = config.get("maxOutputTokens").map(|field| max_tokens(&field, model)).transpose()?;
        config.get("temperature").map(|field| field.number(0.0, 2.0)).transpose()?;
        config.get("topP").map(|field| field.number(0.0, 1.0)).transpose()?;
        read.thinking = thinking(&config, model)?;
    }
    if let Some(system) = root.get("systemInstruction") {
        system.only(&["parts", "role"])?;
        for part in system.need("parts")?.full_list()? {
            part.only(&["text"])?;
            read.system.push(part.need("text")?.text()?.to_owned());
        }
    }
    read.tools = tools(&root)?;
    contents::read(&root.need("contents")?, &mut read, model, settings)?;
    Ok(read)
}

fn max_tokens(field: &At<'_>, model: &Model) -> Result<u64, Refusal> {
    let tokens = field.whole()?;
    let most = model.output_tokens_max;
    if tokens == 0 || tokens > most {
        let range = format!("1 (inclusive) to {} (exclusive)", most + 1);
        return Err(field.refuse(format!(
            "Unable to submit request because it has a maxOutputTokens value of {tokens} but the supported range is \
             from {range}. Update the value and try again."
        )));
    }
    Ok(tokens)
}

fn thinking(config: &At<'_>, model: &Model) -> Result<bool, Refusal> {
    let Some(thinking) = config.get("thinkingConfig") else { return Ok(false) };
    thinking.only(&["includeThoughts", "thinkingBudget", "thinkingLevel"])?;
    if !model.thinking {
        return Err(thinking.refuse("Unable to submit request because thinking is not supported by this model."));
    }
    if let Some(level) = thinking.get("thinkingLevel") {
        level.one_of(&["MINIMAL", "LOW", "MEDIUM", "HIGH", "minimal", "low", "medium", "high"])?;
    }
    thinking.get("includeThoughts").map(|flag| flag.flag()).transpose().map(Option::unwrap_or_default)
}

fn tools(root: &At<'_>) -> Result<Vec<Offer>, Refusal> {
    let mut offers = Vec::new();
    let Some(tools) = root.get("tools") else { return Ok(offers) };
    for tool in tools.list()? {
        tool.only(&["functionDeclarations", "googleSearch", "googleSearchRetrieval", "codeExecution", "urlContext"])?;
        let Some(functions) = tool.get("functionDeclarations") else { continue };
        for function in functions.list()? {
            function.only(&[
                "name",
                "description",
                "parameters",
                "parametersJsonSchema",
                "response",
                "responseJsonSchema",
                "behavior",
            ])?;
            let name = offers::name(&function.need("name")?)?.to_owned();
            let description =
                function.get("description").map(|text| text.text()).transpose()?.unwrap_or_default().to_owned();
            let (plain, json) = (function.get("parameters"), function.get("parametersJsonSchema"));
            if plain.is_some() && json.is_some() {
                return Err(function.wrong("parameters and parametersJsonSchema are mutually exclusive"));
            }
            let schema = plain.or(json);
            let parameters = schema.map(|schema| offers::schema(&schema, &name)).transpose()?.unwrap_or_default();
            offers.push(Offer { name, description, parameters });
        }
    }
    offers::unique(&tools, &offers)?;
    if let Some(config) = root.get("toolConfig") {
        config.only(&["functionCallingConfig", "retrievalConfig", "includeServerSideToolInvocations"])?;
        if let Some(calling) = config.get("functionCallingConfig") {
            calling.only(&["mode", "allowedFunctionNames"])?;
            calling.get("mode").map(|mode| mode.one_of(&["AUTO", "ANY", "NONE", "VALIDATED"])).transpose()?;
        }
    }
    Ok(offers)
}
