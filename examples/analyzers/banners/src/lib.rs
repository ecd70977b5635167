//! The analyzer `banners`: what servers of TCP connections say first, and which of them speak before they are asked.
#![deny(unsafe_code)]

mod findings;
mod opening;
mod prompts;
mod report;
mod servers;

#[cfg(test)]
mod tests;

mcpcap_analyzer::component! { name: "banners", tools: [servers::BannersServers], prompts: prompts::PROMPTS }
