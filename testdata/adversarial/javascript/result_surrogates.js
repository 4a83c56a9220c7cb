// attack: lone surrogates in value, key and output
// expect: completed
console.log('\ud800');
({ '\udfff': '\ud800' });
