const answer: unknown = await tools.weather.forecast({ city: 'Rome' });
console.log(answer);
