// The contract's functions, for any analyzer. Copy this file too. One instance of the component serves one run, so the run is its only state.
import { Ends, feed } from './streams.js';

/**
 * What a component has to export as `analyze`. A tool is a class with the static members NAME, TITLE, DESCRIPTION, ARGUMENTS and REPORT (JSON Schemas),
 * made with its arguments; `packet(packet)` returns false when nothing further can change the report, `finish(capture)` gives the report. It may have
 * STREAMS, whether it is given what happens in TCP streams, by `stream(event)`; WANTS, the packets that it is given (all frames without it; none with
 * `{ transports: [] }`, and then it needs no `packet`); PAGED, lists of the report that it gives in parts; ENDS, when its false ends the reading of
 * the capture (never without it); and SHA1, whether its report shows that hash of the file: the contract's README has their forms. A prompt has name,
 * title, description, arguments, and `text`, a function of the arguments.
 */
export function analyzer(name, version, tools, prompts) {
  const ends = new Ends();
  let run;
  return {
    describe() {
      const offered = tools.map((tool) => ({
        name: tool.NAME,
        title: tool.TITLE,
        description: tool.DESCRIPTION,
        arguments: tool.ARGUMENTS,
        report: tool.REPORT,
        // Without a value it is left out.
        wants: wants(tool),
        streams: tool.STREAMS ?? false,
        paged: tool.PAGED ?? [],
        ends: tool.ENDS ?? false,
        sha1: tool.SHA1 ?? false,
        // IPv6 addresses are read from them.
        headers: true,
      }));
      // A function does not become JSON, so `text` is left out.
      return JSON.stringify({ name, version, tools: offered, prompts });
    },
    prompt(name, args) {
      const prompt = prompts.find((prompt) => prompt.name === name);
      if (!prompt) throw refused('name', `no prompt is called ${name}`);
      return prompt.text(JSON.parse(args));
    },
    open(name, args) {
      const tool = tools.find((tool) => tool.NAME === name);
      if (!tool) throw refused('tool', `no tool is called ${name}`);
      // The host has checked them against the schema.
      run = new tool(JSON.parse(args));
    },
    feed: (batch, columns, streams) => feed(run, batch, columns, streams, ends),
    finish: (capture) => JSON.stringify(run.finish(JSON.parse(capture))),
  };
}

/** The packets that are asked for. For a tool that wants streams, those of TCP are among them: their headers tell the addresses of connections. */
const wants = ({ WANTS, STREAMS }) => (STREAMS && WANTS?.transports ? { ...WANTS, transports: [...new Set([...WANTS.transports, 'tcp'])] } : WANTS);

/** The error for an argument that cannot be. */
export const refused = (argument, reason) => ({ tag: 'arguments', val: { argument, reason } });
