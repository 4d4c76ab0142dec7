-- +goose Up
CREATE ROLE app LOGIN;
