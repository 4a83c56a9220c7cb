// hint: Nothing can be installed

const x = require('lodash'); // error: Error: Cannot find module 'lodash'
