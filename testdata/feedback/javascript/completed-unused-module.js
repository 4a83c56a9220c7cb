import axios from 'axios';
import { readFileSync } from 'fs';

console.log(typeof readFileSync);
