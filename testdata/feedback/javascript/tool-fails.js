// tools: granted
console.log(await tools.weather.forecast({ city: 'Atlantis' }));
