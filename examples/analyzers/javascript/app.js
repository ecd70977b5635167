// The component: which tools and prompts it offers.
import { ArpTable } from './arp.js';
import { analyzer } from './glue.js';
import { PROMPTS } from './prompts.js';

export const analyze = analyzer('arp-javascript', '0.1.0', [ArpTable], PROMPTS);
