// tools: granted
console.log(await tools.weather.forecast({ ctiy: 'Rome' }));
