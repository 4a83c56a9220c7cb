import { readFileSynk } from 'fs';
console.log(readFileSynk('a'));
