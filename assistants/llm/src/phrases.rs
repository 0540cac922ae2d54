//! What the assistant says by itself, where it is not the model that speaks: one table, so that there is one place to
//! translate.

/// Everything that is said without a model, in one language.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Phrases {
    /// The model, or a filter of its provider, declined.
    pub(crate) refused: &'static str,
    /// Behind an answer that was cut.
    pub(crate) cut: &'static str,
    /// The model said nothing, twice.
    pub(crate) empty: &'static str,
    /// What may be spent in a day is spent.
    pub(crate) over_budget: &'static str,
    /// The message alone is longer than the model takes.
    pub(crate) too_long: &'static str,
    /// The conversation is handed to a human.
    pub(crate) to_human: &'static str,
    /// Before the words of a reminder.
    pub(crate) reminder: &'static str,
    /// Above what is about to be called.
    pub(crate) confirm: &'static str,
    /// The same where it may have been called already.
    pub(crate) confirm_in_doubt: &'static str,
    /// Behind arguments that are not shown; [`COUNT`] is how many.
    pub(crate) more: &'static str,
    /// The option that has it called.
    pub(crate) yes: &'static str,
    /// The option that does not.
    pub(crate) no: &'static str,
    /// The name of a file that has none.
    pub(crate) file: &'static str,
}

/// The number in [`Phrases::more`].
pub(crate) const COUNT: &str = "%count%";

const ENGLISH: Phrases = Phrases {
    refused: "I would rather not answer that. Can I help with something else?",
    cut: "That was more than fits into one answer. Shall I continue?",
    empty: "I have no answer to that. Could you say it in other words?",
    over_budget: "That is all I can answer today. Please write again tomorrow.",
    too_long: "That is too long for me. Please send a shorter part of it.",
    to_human: "I pass this on to a human, who will write to you here.",
    reminder: "Reminder",
    confirm: "Shall I do this?",
    confirm_in_doubt: "I was interrupted, and this may be done already. Shall I do it now?",
    more: "(and %count% more)",
    yes: "Yes",
    no: "No",
    file: "file",
};

const GERMAN: Phrases = Phrases {
    refused: "Darauf möchte ich lieber nicht antworten. Kann ich sonst helfen?",
    cut: "Das war mehr, als in eine Antwort passt. Soll ich weitermachen?",
    empty: "Darauf habe ich keine Antwort. Magst du es anders sagen?",
    over_budget: "Mehr kann ich heute nicht beantworten. Bitte schreib morgen wieder.",
    too_long: "Das ist zu lang für mich. Bitte schick einen kürzeren Teil davon.",
    to_human: "Ich gebe das an einen Menschen weiter, der dir hier schreiben wird.",
    reminder: "Erinnerung",
    confirm: "Soll ich das tun?",
    confirm_in_doubt: "Ich wurde unterbrochen, und das ist vielleicht schon getan. Soll ich es jetzt tun?",
    more: "(und %count% weitere)",
    yes: "Ja",
    no: "Nein",
    file: "Datei",
};

const SPANISH: Phrases = Phrases {
    refused: "Prefiero no responder a eso. ¿Puedo ayudar con otra cosa?",
    cut: "Era más de lo que cabe en una respuesta. ¿Sigo?",
    empty: "No tengo respuesta a eso. ¿Puedes decirlo con otras palabras?",
    over_budget: "Por hoy no puedo responder más. Escríbeme mañana, por favor.",
    too_long: "Es demasiado largo para mí. Envíame una parte más corta, por favor.",
    to_human: "Se lo paso a una persona, que te escribirá aquí.",
    reminder: "Recordatorio",
    confirm: "¿Hago esto?",
    confirm_in_doubt: "Me interrumpieron, y quizás esto ya está hecho. ¿Lo hago ahora?",
    more: "(y %count% más)",
    yes: "Sí",
    no: "No",
    file: "archivo",
};

const FRENCH: Phrases = Phrases {
    refused: "Je préfère ne pas répondre à cela. Puis-je aider autrement ?",
    cut: "C'était trop pour une seule réponse. Est-ce que je continue ?",
    empty: "Je n'ai pas de réponse à cela. Peux-tu le dire autrement ?",
    over_budget: "Je ne peux plus répondre aujourd'hui. Écris-moi demain, s'il te plaît.",
    too_long: "C'est trop long pour moi. Envoie-m'en une partie plus courte, s'il te plaît.",
    to_human: "Je transmets à une personne, qui t'écrira ici.",
    reminder: "Rappel",
    confirm: "Dois-je faire ceci ?",
    confirm_in_doubt: "J'ai été interrompu, et c'est peut-être déjà fait. Dois-je le faire maintenant ?",
    more: "(et %count% de plus)",
    yes: "Oui",
    no: "Non",
    file: "fichier",
};

const PORTUGUESE: Phrases = Phrases {
    refused: "Prefiro não responder a isso. Posso ajudar com outra coisa?",
    cut: "Era mais do que cabe em uma resposta. Devo continuar?",
    empty: "Não tenho resposta para isso. Pode dizer com outras palavras?",
    over_budget: "Por hoje não posso responder mais. Escreva amanhã, por favor.",
    too_long: "É longo demais para mim. Envie uma parte mais curta, por favor.",
    to_human: "Passo isto a uma pessoa, que vai escrever aqui.",
    reminder: "Lembrete",
    confirm: "Devo fazer isto?",
    confirm_in_doubt: "Fui interrompido, e talvez isto já esteja feito. Faço agora?",
    more: "(e mais %count%)",
    yes: "Sim",
    no: "Não",
    file: "arquivo",
};

/// The phrases of a language, by its tag; English where there are none.
pub(crate) fn of(language: Option<&str>) -> &'static Phrases {
    let primary = language.unwrap_or_default().split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    match primary.as_str() {
        "de" => &GERMAN,
        "es" => &SPANISH,
        "fr" => &FRENCH,
        "pt" => &PORTUGUESE,
        _ => &ENGLISH,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_finds_its_language() {
        for (tag, yes) in [
            (None, "Yes"),
            (Some("de-AT"), "Ja"),
            (Some("PT_br"), "Sim"),
            (Some("fr"), "Oui"),
            (Some("es-419"), "Sí"),
            (Some("ja"), "Yes"),
            (Some("-"), "Yes"),
        ] {
            assert_eq!(of(tag).yes, yes, "{tag:?}");
        }
    }

    #[test]
    fn what_is_chosen_fits_onto_buttons() {
        for phrases in [&ENGLISH, &GERMAN, &SPANISH, &FRENCH, &PORTUGUESE] {
            assert!(phrases.yes.chars().count() <= 20 && phrases.no.chars().count() <= 20);
            assert!(phrases.more.contains(COUNT));
        }
    }
}
