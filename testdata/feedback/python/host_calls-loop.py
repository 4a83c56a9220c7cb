# host_calls: 3
# tools: granted
import tools

for day in range(10):
    print(tools.weather.forecast(city="Rome", days=day))
