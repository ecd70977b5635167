//! Strings that attack what reads them.

use mcpcap_analyzer::finding::{Confidence, Finding, Rule, Severity};
use mcpcap_analyzer::text::counted;

use super::tally::Tallies;
use crate::exchange::Exchange;
use crate::signs::{Sign, is_answered};

const TRAVERSAL: Rule = Rule {
    name: "http_path_traversal",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    threshold: "a request whose target or form leaves its folder twice or more, or names a system's file",
    false_alarm: "Scanners try this everywhere, mostly in vain; programs that write relative paths.",
};
const SQL: Rule = Rule {
    name: "http_sql_injection",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    threshold: "a request whose target or form holds SQL that belongs to attacks",
    false_alarm: "Pages that take SQL by design, searches for such words, tests.",
};
const COMMAND: Rule = Rule {
    name: "http_command_injection",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    threshold: "a request whose target, form or header holds commands of a shell",
    false_alarm: "Pages that take commands by design, searches for such words, tests.",
};
const JNDI: Rule = Rule {
    name: "http_log4shell",
    severity: Severity::High,
    confidence: Confidence::High,
    threshold: "a request with a JNDI lookup of Log4j in its target, a header or its body, also a hidden one",
    false_alarm: "Scanners try this everywhere; it matters when the server looks the name up (see its connections and DNS).",
};
const SCRIPT: Rule = Rule {
    name: "http_cross_site_scripting",
    severity: Severity::Low,
    confidence: Confidence::Low,
    threshold: "a request whose target holds script for a browser",
    false_alarm: "Advertising and analytics pass such texts on.",
};
const CODE: Rule = Rule {
    name: "http_code_injection",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    threshold: "a request that holds code for the server: PHP, OGNL, templates, class loaders",
    false_alarm: "Editors of web sites, searches for such words, tests.",
};
const SHELL: Rule = Rule {
    name: "http_web_shell",
    severity: Severity::Medium,
    confidence: Confidence::Low,
    threshold: "a request with the name of a web shell, or with an argument of a script that is a command",
    false_alarm: "Scanners ask for such names; applications have such arguments too. A 404 means that there is none.",
};
/// The same where the answer begins with what a command or a system's file says.
const ANSWERED: Rule = Rule {
    name: "http_attack_answered",
    severity: Severity::High,
    confidence: Confidence::High,
    threshold: "a request of one of the rules of injections whose response holds what commands or files of a system say (uid= and gid=, root:x:0:0:)",
    false_alarm: "A test; pages that show such texts by design.",
};

/// What is kept.
#[derive(Default)]
pub struct Watch {
    signs: Tallies<Option<Sign>>,
}

impl Watch {
    pub fn take(&mut self, exchange: &Exchange) {
        let signs = exchange.signs();
        if signs.is_empty() {
            return;
        }
        let says = exchange.response.as_ref().and_then(|response| response.body.known());
        let answered = says.is_some_and(|known| is_answered(&known.prefix));
        Sign::ALL
            .into_iter()
            .filter(|sign| signs.has(*sign))
            .for_each(|sign| self.signs.add(exchange, Some(sign), false));
        if answered {
            self.signs.add(exchange, None, false);
        }
    }

    pub fn evicted(&self) -> u64 {
        self.signs.evicted()
    }

    pub fn findings(&self) -> [Vec<Finding>; 8] {
        let all = Sign::ALL.map(Some);
        let [a, b, c, d, e, f, g] = all.map(|sign| self.of(sign));
        [a, b, c, d, e, f, g, self.of(None)]
    }

    fn of(&self, wanted: Option<Sign>) -> Vec<Finding> {
        self.signs.findings(|sign, tally| {
            let (rule, what) = match sign {
                None => (&ANSWERED, "an attack and got what a system says"),
                Some(Sign::Traversal) => (&TRAVERSAL, "path traversal"),
                Some(Sign::Sql) => (&SQL, "SQL of attacks"),
                Some(Sign::Command) => (&COMMAND, "commands of a shell"),
                Some(Sign::Jndi) => (&JNDI, "a JNDI lookup of Log4j"),
                Some(Sign::Script) => (&SCRIPT, "script for a browser"),
                Some(Sign::Code) => (&CODE, "code for the server"),
                Some(Sign::WebShell) => (&SHELL, "names or arguments of web shells"),
            };
            let says =
                format!("{} with {what}; {} answered with 2xx", counted(tally.requests, "request"), tally.accepted);
            (sign == wanted).then_some((rule, says))
        })
    }
}
