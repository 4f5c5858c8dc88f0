"""Alerts to people: the robots of DingTalk, Feishu and WeCom, and a plain webhook."""
