// host_calls: 3
// tools: granted
for (let day = 0; day < 10; day++) {
  console.log(await tools.weather.forecast({ city: 'Rome', days: day }));
}
