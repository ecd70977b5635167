// The component: which tools and prompts it offers.
import { BannersServers } from './banners.js';
import { analyzer } from './glue.js';
import { PROMPTS } from './prompts.js';

export const analyze = analyzer('banners-javascript', '0.1.0', [BannersServers], PROMPTS);
