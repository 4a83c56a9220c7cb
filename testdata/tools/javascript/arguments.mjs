// stdout: x 10 x 3 value of a x 10

import { createRequire } from 'module';
import tools, { search, store } from 'tools';

console.log(await tools.search({ query: 'x', limit: undefined }), await search('x', 3), await store.get('a'), createRequire('/work/')('tools').sync.search('x'));
