// tools: granted
const answer: unknown = await tools.weather.forecast({ city: 'Atlantis' });
console.log(answer);
