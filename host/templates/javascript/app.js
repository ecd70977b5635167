// The component: which tools and prompts it offers.
import { analyzer } from './glue.js';
import { PROMPTS } from './prompts.js';
import { Summary } from './summary.js';

export const analyze = analyzer('{{name}}', '0.1.0', [Summary], PROMPTS);
