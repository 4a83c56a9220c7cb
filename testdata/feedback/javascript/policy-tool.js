console.log(await tools.weather.forecast({ city: 'Rome' }));
